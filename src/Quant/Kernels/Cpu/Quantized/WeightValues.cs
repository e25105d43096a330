using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace MambaQuant.Quant.Kernels.Cpu.Quantized;

/// <summary>The memory of a weight matrix, F32 or F64, read as fp64.</summary>
/// <param name="single">[O, I], or null.</param>
/// <param name="wide">[O, I], where the other is null.</param>
/// <param name="columns">I.</param>
internal readonly unsafe struct WeightValues(float* single, double* wide, int columns)
{
    /// <summary>How many weights kernels read at a time; a multiple of the lanes of every tier.</summary>
    internal const int Chunk = 512;

    /// <summary>Copies some weights of a row, widened exactly.</summary>
    internal void Read(int row, int first, int count, double* destination)
    {
        var target = new Span<double>(destination, count);
        if (wide != null)
        {
            new ReadOnlySpan<double>(wide + ((long)row * columns) + first, count).CopyTo(target);
        }
        else
        {
            TensorPrimitives.ConvertTruncating(new ReadOnlySpan<float>(single + ((long)row * columns) + first, count), target);
        }
    }
}
