using Xunit;

namespace MambaQuant.Storage.Tests.Folders;

/// <summary>A test of what only Unix has.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class UnixFactAttribute : FactAttribute
{
    /// <summary>Decides at discovery whether the test can run.</summary>
    public UnixFactAttribute()
    {
        if (OperatingSystem.IsWindows())
        {
            Skip = "needs Unix";
        }
    }
}
