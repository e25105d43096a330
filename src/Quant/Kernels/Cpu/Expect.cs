using System.Runtime.CompilerServices;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Kernels.Cpu;

/// <summary>Checks of arguments: dtype and extents of tensors, in messages that say expected and found.</summary>
internal static class Expect
{
    /// <summary>The tensor has a dtype and exactly these extents.</summary>
    /// <exception cref="ArgumentException">It has not.</exception>
    internal static void Shaped(Tensor tensor, DType dtype, ReadOnlySpan<int> extents, [CallerArgumentExpression(nameof(tensor))] string? name = null)
    {
        ArgumentNullException.ThrowIfNull(tensor, name);
        if (tensor.DType != dtype || !tensor.Shape.Extents.AsSpan().SequenceEqual(extents))
        {
            throw new ArgumentException($"expected {dtype} {new Shape(extents)}, found {tensor}", name);
        }
    }

    /// <summary>The tensor has a dtype and a rank.</summary>
    /// <exception cref="ArgumentException">It has not.</exception>
    internal static void Ranked(Tensor tensor, DType dtype, int rank, [CallerArgumentExpression(nameof(tensor))] string? name = null)
    {
        ArgumentNullException.ThrowIfNull(tensor, name);
        if (tensor.DType != dtype || tensor.Shape.Rank != rank)
        {
            throw new ArgumentException($"expected {dtype} with {rank} dimensions, found {tensor}", name);
        }
    }

    /// <summary>The tensor has a dtype and at least one dimension, the last one of a given extent.</summary>
    /// <exception cref="ArgumentException">It has not.</exception>
    internal static void Columns(Tensor tensor, DType dtype, int columns, [CallerArgumentExpression(nameof(tensor))] string? name = null)
    {
        ArgumentNullException.ThrowIfNull(tensor, name);
        if (tensor.DType != dtype || tensor.Shape.Rank == 0 || tensor.Shape.Columns != columns)
        {
            throw new ArgumentException($"expected {dtype} [..., {columns}], found {tensor}", name);
        }
    }

    /// <summary>The tensor holds values of a dtype, in any shape.</summary>
    /// <exception cref="ArgumentException">It does not.</exception>
    internal static void Typed(Tensor tensor, DType dtype, [CallerArgumentExpression(nameof(tensor))] string? name = null)
    {
        ArgumentNullException.ThrowIfNull(tensor, name);
        if (tensor.DType != dtype)
        {
            throw new ArgumentException($"expected {dtype}, found {tensor}", name);
        }
    }

    /// <summary>The tensor holds F32 or F64 values.</summary>
    /// <exception cref="ArgumentException">It does not.</exception>
    internal static void Floating(Tensor tensor, [CallerArgumentExpression(nameof(tensor))] string? name = null)
    {
        ArgumentNullException.ThrowIfNull(tensor, name);
        if (tensor.DType is not (DType.F32 or DType.F64))
        {
            throw new ArgumentException($"expected F32 or F64, found {tensor}", name);
        }
    }
}
