using Xunit;

namespace MambaQuant.Silo.Tests.Deploy;

/// <summary>A test that renders manifests; skipped where there is no kubectl.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class KubectlFactAttribute : FactAttribute
{
    /// <summary>Looks for kubectl.</summary>
    public KubectlFactAttribute() => Skip = Rendering.MissingReason;
}
