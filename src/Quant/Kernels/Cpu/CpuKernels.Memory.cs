using System.Runtime.InteropServices;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Kernels.Cpu;

/// <content>How handles are made, filled and read.</content>
public sealed unsafe partial class CpuKernels
{
    /// <inheritdoc/>
    public Tensor Allocate(DType dtype, Shape shape)
    {
        CpuTensor tensor = New(dtype, shape);
        NativeMemory.Clear(tensor.Memory, (nuint)tensor.SizeBytes);
        return tensor;
    }

    /// <inheritdoc/>
    public Tensor Upload<T>(ReadOnlySpan<T> values, Shape shape)
        where T : unmanaged
    {
        if (values.Length != shape.ElementCount)
        {
            throw new ArgumentException($"{values.Length} values do not fill the shape {shape}", nameof(values));
        }

        CpuTensor tensor = New(CpuTensor.DTypeOf<T>(), shape);
        values.CopyTo(tensor.Span<T>());
        return tensor;
    }

    /// <inheritdoc/>
    public void Download<T>(Tensor tensor, Span<T> values)
        where T : unmanaged
    {
        Span<T> source = Own(tensor).Span<T>();
        if (source.Length != values.Length)
        {
            throw new ArgumentException($"{tensor} does not fit a destination of {values.Length} values", nameof(values));
        }

        source.CopyTo(values);
    }

    /// <inheritdoc/>
    public Tensor Rows(Tensor tensor, int first, int count)
    {
        CpuTensor owner = Own(tensor);
        if (owner.Shape.Rank == 0 || first < 0 || count < 0 || first > owner.Shape[0] - count)
        {
            throw new ArgumentOutOfRangeException(nameof(first), $"rows {first} to {first + count} lie outside {tensor}");
        }

        int[] extents = [.. owner.Shape.Extents];
        extents[0] = count;
        long rowBytes = owner.Shape[0] == 0 ? 0 : owner.SizeBytes / owner.Shape[0];
        return new CpuTensor(owner, new Shape(extents), checked(first * rowBytes));
    }

    /// <inheritdoc/>
    public Tensor Reshape(Tensor tensor, Shape shape)
    {
        CpuTensor owner = Own(tensor);
        return shape.ElementCount == owner.Shape.ElementCount
            ? new CpuTensor(owner, shape, 0)
            : throw new ArgumentException($"{tensor} cannot take the shape {shape}", nameof(shape));
    }

    /// <inheritdoc/>
    public void Copy(Tensor source, Tensor destination)
    {
        CpuTensor from = Own(source);
        CpuTensor to = Own(destination);
        if (from.DType != to.DType || from.Shape.ElementCount != to.Shape.ElementCount)
        {
            throw new ArgumentException($"{source} cannot be copied over {destination}", nameof(destination));
        }

        Buffer.MemoryCopy(from.Memory, to.Memory, to.SizeBytes, from.SizeBytes);
    }

    /// <inheritdoc/>
    public Tensor Clone(Tensor source)
    {
        CpuTensor from = Own(source);
        CpuTensor copy = New(from.DType, from.Shape);
        Copy(from, copy);
        return copy;
    }

    /// <summary>The backend's own handle behind a tensor.</summary>
    /// <exception cref="ArgumentException">The tensor belongs to another backend.</exception>
    private static CpuTensor Own(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return tensor as CpuTensor ?? throw new ArgumentException($"{tensor} on {tensor.Device} does not belong to the CPU backend", nameof(tensor));
    }

    /// <summary>A tensor whose contents are not yet set.</summary>
    private CpuTensor New(DType dtype, Shape shape) => new(_pool, dtype, shape);
}
