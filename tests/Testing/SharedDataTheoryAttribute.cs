using Xunit;

namespace MambaQuant.Testing;

/// <summary>A test with data that needs the trained models beside the checkout; skipped, with the reason, where they are absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SharedDataTheoryAttribute : TheoryAttribute
{
    /// <summary>Decides at discovery whether the test can run.</summary>
    public SharedDataTheoryAttribute()
    {
        if (SharedData.Root is null)
        {
            Skip = SharedDataFactAttribute.Reason;
        }
    }
}
