using Xunit;

namespace MambaQuant.Testing;

/// <summary>A single test that needs the emulator.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NeedsAzuriteFactAttribute : FactAttribute
{
    /// <summary>Decides at discovery whether the test can run.</summary>
    public NeedsAzuriteFactAttribute() => Skip = AzuriteServer.MissingReason;
}
