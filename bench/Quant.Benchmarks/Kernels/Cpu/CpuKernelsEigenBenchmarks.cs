using BenchmarkDotNet.Attributes;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Benchmarks.Kernels.Cpu;

/// <summary>The eigenproblem of the residual stream: the managed solver, and the LAPACK of the machine with one thread.</summary>
/// <remarks>The report that fixes the default compares them turn by turn instead: bench/benchmark linear-algebra.</remarks>
public class CpuKernelsEigenBenchmarks : KernelBenchmark
{
    private CpuKernels? _native;
    private Tensor? _matrix;

    public override void Setup()
    {
        _native = Keep(new CpuKernels(new CpuKernelsOptions { LinearAlgebraLibrary = LinearAlgebraLibrary.Native }));
        using Tensor values = Kernels.ToDouble(Values(Model.DModel, Model.DModel));
        _matrix = Keep(Kernels.Multiply(values, values, transposeA: false, transposeB: true));
    }

    [Benchmark(Baseline = true)]
    public void Managed() => Solve(Kernels);

    [Benchmark]
    public void Native() => Solve(_native!);

    private void Solve(CpuKernels kernels)
    {
        (Tensor values, Tensor vectors) = kernels.SymmetricEigen(_matrix!);
        values.Dispose();
        vectors.Dispose();
    }
}
