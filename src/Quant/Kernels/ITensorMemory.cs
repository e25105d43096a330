using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Kernels;

/// <summary>Memory of a backend: how handles are made, filled and read.</summary>
public interface ITensorMemory
{
    /// <summary>Makes a zero-filled tensor.</summary>
    /// <param name="dtype">F64, F32, I64, I32 or I8.</param>
    /// <param name="shape">The extents.</param>
    Tensor Allocate(DType dtype, Shape shape);

    /// <summary>Copies host values into a new tensor; the dtype follows from <typeparamref name="T"/>.</summary>
    /// <typeparam name="T">double, float, long, int or sbyte.</typeparam>
    /// <param name="values">Row-major values.</param>
    /// <param name="shape">The extents.</param>
    /// <exception cref="ArgumentException">The number of values is not the shape's.</exception>
    Tensor Upload<T>(ReadOnlySpan<T> values, Shape shape)
        where T : unmanaged;

    /// <summary>Copies a tensor's values to the host.</summary>
    /// <typeparam name="T">The type that matches the tensor's dtype: double, float, long, int or sbyte.</typeparam>
    /// <param name="tensor">A tensor of this backend.</param>
    /// <param name="values">Destination of exactly <c>tensor.Shape.ElementCount</c> values.</param>
    /// <exception cref="ArgumentException">Type or length does not match.</exception>
    void Download<T>(Tensor tensor, Span<T> values)
        where T : unmanaged;

    /// <summary>A view of consecutive rows (of the outermost dimension); it shares memory with the tensor and does not own it.</summary>
    /// <param name="tensor">Shape [rows, ...].</param>
    /// <param name="first">Index of the first row.</param>
    /// <param name="count">Number of rows.</param>
    /// <exception cref="ArgumentOutOfRangeException">The rows lie outside the tensor.</exception>
    Tensor Rows(Tensor tensor, int first, int count);

    /// <summary>A view of the same values under another shape; it does not own the memory.</summary>
    /// <param name="tensor">Any tensor.</param>
    /// <param name="shape">A shape of as many elements.</param>
    /// <exception cref="ArgumentException">The number of elements differs.</exception>
    Tensor Reshape(Tensor tensor, Shape shape);

    /// <summary>Copies all values of one tensor over those of another of the same dtype and element count.</summary>
    /// <param name="source">Read.</param>
    /// <param name="destination">Overwritten.</param>
    /// <exception cref="ArgumentException">Dtype or element count differs.</exception>
    void Copy(Tensor source, Tensor destination);

    /// <summary>A new tensor with the same dtype, shape and values.</summary>
    /// <param name="source">Any tensor, a view too.</param>
    /// <returns>An owner of its own memory; the caller disposes it.</returns>
    Tensor Clone(Tensor source);
}
