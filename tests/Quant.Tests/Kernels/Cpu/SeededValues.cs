using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Tests.Kernels.Cpu;

/// <summary>Reproducible test data, and tensors to and from arrays.</summary>
internal static class SeededValues
{
    /// <summary>Uniform in (−1, 1).</summary>
    internal static double[] Doubles(int seed, int count)
    {
        var random = new Random(seed);
        double[] values = new double[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = (2 * random.NextDouble()) - 1;
        }

        return values;
    }

    /// <summary>Uniform in (−1, 1), with one value in sixteen eight times as large.</summary>
    internal static float[] Singles(int seed, int count)
    {
        var random = new Random(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = ((2 * random.NextSingle()) - 1) * (random.Next(16) == 0 ? 8 : 1);
        }

        return values;
    }

    /// <summary>Uniform over the codes from <paramref name="minimum"/> to <paramref name="maximum"/>.</summary>
    internal static sbyte[] Codes(int seed, int count, int minimum, int maximum)
    {
        var random = new Random(seed);
        sbyte[] values = new sbyte[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = (sbyte)random.Next(minimum, maximum + 1);
        }

        return values;
    }

    /// <summary>A matrix on the backend.</summary>
    internal static Tensor Matrix<T>(this ITensorMemory memory, T[] values, params int[] extents)
        where T : unmanaged => memory.Upload<T>(values, new Shape(extents));

    /// <summary>All values of a tensor.</summary>
    internal static T[] ToArray<T>(this ITensorMemory memory, Tensor tensor)
        where T : unmanaged
    {
        T[] values = new T[tensor.Shape.ElementCount];
        memory.Download<T>(tensor, values);
        return values;
    }
}
