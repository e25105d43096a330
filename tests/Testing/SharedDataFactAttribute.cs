using Xunit;

namespace MambaQuant.Testing;

/// <summary>A test that needs the trained models beside the checkout; skipped, with the reason, where they are absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SharedDataFactAttribute : FactAttribute
{
    /// <summary>Why a test is skipped.</summary>
    internal const string Reason = "needs the trained models of the folder 'shared' beside the checkout (or MAMBAQUANT_SHARED)";

    /// <summary>Decides at discovery whether the test can run.</summary>
    public SharedDataFactAttribute()
    {
        if (SharedData.Root is null)
        {
            Skip = Reason;
        }
    }
}
