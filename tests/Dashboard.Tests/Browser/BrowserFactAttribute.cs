using Xunit;

namespace MambaQuant.Dashboard.Tests.Browser;

/// <summary>A test that needs a browser; skipped, with the reason, where there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class BrowserFactAttribute : FactAttribute
{
    /// <summary>Decides at discovery whether the test can run.</summary>
    public BrowserFactAttribute()
    {
        if (Chromium.Program is null)
        {
            Skip = "needs a browser: Debian's package 'chromium', or MAMBAQUANT_CHROMIUM with the path of one";
        }
    }
}
