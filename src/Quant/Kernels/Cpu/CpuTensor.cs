using System.Runtime.InteropServices;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Kernels.Cpu;

/// <summary>A tensor in 64-byte aligned native memory, from a <see cref="CpuMemoryPool"/>, or a view of one.</summary>
/// <remarks>A view keeps its owner's memory in use until the owner is disposed; reading a disposed tensor throws.</remarks>
internal sealed unsafe class CpuTensor : Tensor
{
    private readonly CpuMemoryPool? _pool;
    private readonly CpuTensor? _owner;
    private byte* _memory;

    /// <summary>Makes an owner of fresh memory; the contents are whatever the block held before.</summary>
    internal CpuTensor(CpuMemoryPool pool, DType dtype, Shape shape)
        : base(dtype, shape)
    {
        _pool = pool;
        _memory = pool.Rent(SizeBytes);
    }

    /// <summary>Makes a view that starts at a byte offset of its owner.</summary>
    internal CpuTensor(CpuTensor owner, Shape shape, long offsetBytes)
        : base(owner.DType, shape)
    {
        _owner = owner._owner ?? owner;
        _memory = owner.Memory + offsetBytes;
    }

    /// <inheritdoc/>
    public override string Device => "cpu";

    /// <summary>The size of the values.</summary>
    internal long SizeBytes => checked(Shape.ElementCount * DType.SizeBytes());

    /// <summary>The first byte.</summary>
    /// <exception cref="ObjectDisposedException">The tensor, or the owner of the view, was disposed.</exception>
    internal byte* Memory
    {
        get
        {
            ObjectDisposedException.ThrowIf(_memory is null || (_owner is not null && _owner._memory is null), this);
            return _memory;
        }
    }

    /// <summary>All values as a span.</summary>
    /// <typeparam name="T">The type of the dtype.</typeparam>
    /// <exception cref="ArgumentException">The type is not the dtype's.</exception>
    /// <exception cref="OverflowException">More than 2³¹−1 elements; use <see cref="Memory"/>.</exception>
    internal Span<T> Span<T>()
        where T : unmanaged
    {
        ThrowIfNot<T>();
        return new Span<T>(Memory, checked((int)Shape.ElementCount));
    }

    /// <summary>The first value.</summary>
    /// <typeparam name="T">The type of the dtype.</typeparam>
    /// <exception cref="ArgumentException">The type is not the dtype's.</exception>
    internal T* Pointer<T>()
        where T : unmanaged
    {
        ThrowIfNot<T>();
        return (T*)Memory;
    }

    /// <summary>The dtype that holds values of a host type.</summary>
    /// <typeparam name="T">double, float, long, int or sbyte.</typeparam>
    /// <exception cref="NotSupportedException">Another type.</exception>
    internal static DType DTypeOf<T>()
        where T : unmanaged
    {
        if (typeof(T) == typeof(float))
        {
            return DType.F32;
        }

        if (typeof(T) == typeof(double))
        {
            return DType.F64;
        }

        if (typeof(T) == typeof(sbyte))
        {
            return DType.I8;
        }

        if (typeof(T) == typeof(int))
        {
            return DType.I32;
        }

        return typeof(T) == typeof(long)
            ? DType.I64
            : throw new NotSupportedException($"tensors hold double, float, long, int or sbyte; found {typeof(T).Name}");
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (_memory is not null && _owner is null)
        {
            _pool!.Return(_memory, SizeBytes);
        }

        _memory = null;
    }

    private void ThrowIfNot<T>()
        where T : unmanaged
    {
        if (DType != DTypeOf<T>())
        {
            throw new ArgumentException($"expected {DTypeOf<T>()}, found {this}");
        }
    }
}
