using Xunit;

namespace MambaQuant.EndToEnd;

/// <summary>A test that needs a Unix shell or Unix signals.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class UnixFactAttribute : FactAttribute
{
    /// <summary>Decides at discovery whether the test can run.</summary>
    public UnixFactAttribute()
    {
        if (OperatingSystem.IsWindows())
        {
            Skip = "needs a Unix shell";
        }
    }
}
