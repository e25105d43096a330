using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Kernels.Cpu.Simd;
using Xunit;

namespace MambaQuant.Quant.Tests.Kernels.Cpu;

[Trait("Category", "Kernels")]
public sealed class CpuKernelsTests
{
    [Fact]
    public void Profile_NamesTierAndSolver_NotTheThreads()
    {
        using IDisposable one = new CpuKernels(new CpuKernelsOptions { Threads = 1 });
        using IDisposable many = new CpuKernels(new CpuKernelsOptions { Threads = 7 });
        Assert.Equal($"cpu/{SimdTiers.Name}/managed-1", ((IKernels)one).Profile);
        Assert.Equal(((IKernels)one).Profile, ((IKernels)many).Profile);
    }

    [Fact]
    public void ThreadsBelowOne_AreRefused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new CpuKernels(new CpuKernelsOptions { Threads = 0 }));
}
