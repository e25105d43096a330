using MambaQuant.Telemetry.Gpu;
using Xunit;

namespace MambaQuant.Telemetry.Tests.Gpu;

/// <summary>A test that needs a GPU of NVIDIA's; skipped, with the reason, where there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class GpuFactAttribute : FactAttribute
{
    /// <summary>Decides at discovery whether the test can run.</summary>
    public GpuFactAttribute()
    {
        using Nvml? nvml = Nvml.Open(Nvml.LibraryName);
        if (nvml is null || nvml.Read().Count == 0)
        {
            Skip = "needs a GPU of NVIDIA's and its driver";
        }
    }
}
