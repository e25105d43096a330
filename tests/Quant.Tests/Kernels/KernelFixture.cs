using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Tests.Kernels;

/// <summary>A backend with what a kernel test needs: seeded tensors in, host arrays out.</summary>
internal sealed class KernelFixture : IDisposable
{
    private readonly Random _random;

    public KernelFixture(int threads = 2, int seed = 1)
    {
        Kernels = new CpuKernels(new CpuKernelsOptions { Threads = threads });
        _random = new Random(seed);
    }

    public CpuKernels Kernels { get; }

    public Tensor Make(float[] values, params int[] extents) => Kernels.Upload<float>(values, new Shape(extents));

    public Tensor Random(double scale, params int[] extents) => Make(RandomValues(scale, extents), extents);

    /// <summary>Normally distributed values.</summary>
    public float[] RandomValues(double scale, params int[] extents)
    {
        var values = new float[new Shape(extents).ElementCount];
        for (int i = 0; i < values.Length; i++)
        {
            double radius = Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble()));
            values[i] = (float)(scale * radius * Math.Cos(2 * Math.PI * _random.NextDouble()));
        }

        return values;
    }

    public float[] Read(Tensor tensor)
    {
        var values = new float[tensor.Shape.ElementCount];
        Kernels.Download<float>(tensor, values);
        return values;
    }

    public T[] Read<T>(Tensor tensor)
        where T : unmanaged
    {
        var values = new T[tensor.Shape.ElementCount];
        Kernels.Download<T>(tensor, values);
        return values;
    }

    public void Dispose() => Kernels.Dispose();
}
