using System.Numerics;
using System.Runtime.InteropServices;

namespace MambaQuant.Quant.Kernels.Cpu;

/// <summary>Native memory for tensors: 64-byte aligned blocks, kept by size class for the next tensor of that size.</summary>
/// <remarks>
/// Activations of a layer have the same sizes as those of the next; re-using a block saves the page faults that fresh memory
/// costs. What is kept never exceeds a limit; larger blocks go back to the system at once. Thread-safe.
/// </remarks>
internal sealed unsafe class CpuMemoryPool : IDisposable
{
    private const int Alignment = 64;
    private const long SmallestBlockBytes = 256;

    private readonly Lock _lock = new();
    private readonly Dictionary<long, Stack<nint>> _free = [];
    private readonly long _limitBytes;
    private long _keptBytes;
    private bool _disposed;

    /// <summary>Makes an empty pool.</summary>
    /// <param name="limitBytes">How much unused memory it may keep.</param>
    internal CpuMemoryPool(long limitBytes)
    {
        _limitBytes = limitBytes;
    }

    /// <summary>Bytes in tensors that are alive.</summary>
    internal long LiveBytes { get; private set; }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            Trim();
        }
    }

    /// <summary>A block of at least the given size; its contents are undefined.</summary>
    internal byte* Rent(long sizeBytes)
    {
        long block = BlockBytes(sizeBytes);
        lock (_lock)
        {
            LiveBytes += block;
            if (_free.TryGetValue(block, out Stack<nint>? stack) && stack.TryPop(out nint kept))
            {
                _keptBytes -= block;
                return (byte*)kept;
            }
        }

        return (byte*)NativeMemory.AlignedAlloc(checked((nuint)block), Alignment);
    }

    /// <summary>Takes a block back.</summary>
    internal void Return(byte* memory, long sizeBytes)
    {
        long block = BlockBytes(sizeBytes);
        lock (_lock)
        {
            LiveBytes -= block;
            if (!_disposed && _keptBytes + block <= _limitBytes)
            {
                if (!_free.TryGetValue(block, out Stack<nint>? stack))
                {
                    _free[block] = stack = new Stack<nint>();
                }

                stack.Push((nint)memory);
                _keptBytes += block;
                return;
            }
        }

        NativeMemory.AlignedFree(memory);
    }

    /// <summary>Size classes an eighth of an octave apart: little waste, much re-use.</summary>
    private static long BlockBytes(long sizeBytes)
    {
        long size = Math.Max(sizeBytes, SmallestBlockBytes);
        long step = Math.Max(SmallestBlockBytes, (long)BitOperations.RoundUpToPowerOf2((ulong)size) / 16);
        return checked((size + step - 1) / step * step);
    }

    private void Trim()
    {
        foreach (Stack<nint> stack in _free.Values)
        {
            while (stack.TryPop(out nint kept))
            {
                NativeMemory.AlignedFree((void*)kept);
            }
        }

        _keptBytes = 0;
    }
}
