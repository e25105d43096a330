using Xunit;

namespace MambaQuant.Testing;

/// <summary>A test that mounts a small disk; skipped where this user may not.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class MountFactAttribute : FactAttribute
{
    /// <summary>Decides at discovery whether the test can run.</summary>
    public MountFactAttribute()
    {
        if (!SmallDisk.IsPossible)
        {
            Skip = "needs the right to mount a disk in memory (root on Linux)";
        }
    }
}
