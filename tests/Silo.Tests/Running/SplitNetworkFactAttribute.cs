using Xunit;

namespace MambaQuant.Silo.Tests.Running;

/// <summary>A test that cuts a network; skipped where that cannot be done.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SplitNetworkFactAttribute : FactAttribute
{
    /// <summary>Looks for what it takes.</summary>
    public SplitNetworkFactAttribute() => Skip = SplitNetwork.MissingReason;
}
