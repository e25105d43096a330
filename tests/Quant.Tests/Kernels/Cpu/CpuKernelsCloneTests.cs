using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Tensors;
using Xunit;

namespace MambaQuant.Quant.Tests.Kernels.Cpu;

public sealed class CpuKernelsCloneTests : IDisposable
{
    private readonly CpuKernels _kernels = new();

    public void Dispose() => _kernels.Dispose();

    [Fact]
    public void Clone_OwnsItsValues()
    {
        using Tensor source = _kernels.Upload<int>([1, 2, 3, 4, 5, 6], new Shape(3, 2));
        using Tensor rows = _kernels.Rows(source, 1, 2);
        using Tensor clone = _kernels.Clone(rows);
        using Tensor zeros = _kernels.Allocate(DType.I32, new Shape(3, 2));
        _kernels.Copy(zeros, source);
        source.Dispose();

        Assert.Equal((DType.I32, new Shape(2, 2)), (clone.DType, clone.Shape));
        Assert.Equal([3, 4, 5, 6], _kernels.ToArray<int>(clone));
    }

    [Fact]
    public void Clone_OfNothingIsNothing()
    {
        using Tensor source = _kernels.Allocate(DType.F64, new Shape(0, 7));
        using Tensor clone = _kernels.Clone(source);
        Assert.Equal(source.Shape, clone.Shape);
    }
}
