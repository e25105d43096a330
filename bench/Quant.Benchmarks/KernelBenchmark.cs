using BenchmarkDotNet.Attributes;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Benchmarks;

/// <summary>A backend, a model's widths, and seeded values to measure with.</summary>
public abstract class KernelBenchmark : IDisposable
{
    private readonly List<IDisposable> _held = [];
    private readonly Random _random = new(1);

    /// <summary>The widths to measure at.</summary>
    [ParamsSource(nameof(Sizes))]
    public ModelSize Model { get; set; } = ModelSize.Published.First();

    public static IEnumerable<ModelSize> Sizes => ModelSize.Published;

    /// <summary>The backend, with its defaults.</summary>
    protected CpuKernels Kernels { get; } = new();

    /// <summary>A tensor of values between −1 and 1, freed at the end.</summary>
    protected Tensor Values(params ReadOnlySpan<int> extents) => Keep(Kernels.Upload<float>(Numbers(extents), new Shape(extents)));

    /// <summary>Frees something at the end.</summary>
    protected T Keep<T>(T item)
        where T : IDisposable
    {
        _held.Add(item);
        return item;
    }

    /// <summary>Makes the inputs.</summary>
    [GlobalSetup]
    public abstract void Setup();

    /// <summary>Frees the inputs.</summary>
    [GlobalCleanup]
    public void Dispose()
    {
        _held.ForEach(item => item.Dispose());
        _held.Clear();
        Kernels.Dispose();
        GC.SuppressFinalize(this);
    }

    private float[] Numbers(ReadOnlySpan<int> extents)
    {
        int count = 1;
        foreach (int extent in extents)
        {
            count = checked(count * extent);
        }

        var values = new float[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = (2 * _random.NextSingle()) - 1;
        }

        return values;
    }
}
