using System.Numerics;
using System.Runtime.InteropServices;

namespace MambaQuant.Quant.Kernels.Cpu;

/// <summary>Native memory for tensors: 64-byte aligned blocks, kept by size class for the next tensor of that size.</summary>
/// <remarks>
/// Activations of a layer have the same sizes as those of the next; re-using a block saves the page faults that fresh memory
/// costs. What is kept never exceeds a limit: where it would, blocks of the class that was not asked for or given back for the
/// longest time go to the system, so that the sizes of an earlier stage do not stand in the way of this one's. Thread-safe.
/// </remarks>
internal sealed unsafe class CpuMemoryPool : IDisposable
{
    private const int Alignment = 64;
    private const long SmallestBlockBytes = 256;

    private readonly Lock _lock = new();
    private readonly Dictionary<long, SizeClass> _classes = [];
    private readonly long _limitBytes;
    private long _uses;
    private bool _disposed;

    /// <summary>Makes an empty pool.</summary>
    /// <param name="limitBytes">How much unused memory it may keep.</param>
    internal CpuMemoryPool(long limitBytes)
    {
        _limitBytes = limitBytes;
    }

    /// <summary>Bytes in tensors that are alive.</summary>
    internal long LiveBytes { get; private set; }

    /// <summary>Bytes kept for the next tensors.</summary>
    internal long KeptBytes { get; private set; }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            MakeRoom(_limitBytes, asking: null);
        }
    }

    /// <summary>A block of at least the given size; its contents are undefined.</summary>
    internal byte* Rent(long sizeBytes)
    {
        long block = BlockBytes(sizeBytes);
        lock (_lock)
        {
            LiveBytes += block;
            if (_classes.TryGetValue(block, out SizeClass? blocks))
            {
                blocks.LastUse = ++_uses;
                if (blocks.Free.TryPop(out nint kept))
                {
                    KeptBytes -= block;
                    return (byte*)kept;
                }
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
            if (!_disposed && block <= _limitBytes)
            {
                if (!_classes.TryGetValue(block, out SizeClass? blocks))
                {
                    _classes[block] = blocks = new SizeClass(block);
                }

                blocks.LastUse = ++_uses;
                if (KeptBytes + block > _limitBytes)
                {
                    MakeRoom(block, blocks);
                }

                if (KeptBytes + block <= _limitBytes)
                {
                    blocks.Free.Push((nint)memory);
                    KeptBytes += block;
                    return;
                }
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

    /// <summary>Frees kept blocks, least recently used class first, until so many bytes more may be kept.</summary>
    /// <remarks>The class that asks keeps its blocks: one more of it is worth no more than the ones that are there.</remarks>
    private void MakeRoom(long bytes, SizeClass? asking)
    {
        foreach (SizeClass oldest in _classes.Values.Where(blocks => blocks != asking).OrderBy(blocks => blocks.LastUse).ToList())
        {
            while (KeptBytes + bytes > _limitBytes)
            {
                if (!oldest.Free.TryPop(out nint kept))
                {
                    // A size that comes back makes its class anew; one that does not must not be sorted for ever.
                    _classes.Remove(oldest.BlockBytes);
                    break;
                }

                NativeMemory.AlignedFree((void*)kept);
                KeptBytes -= oldest.BlockBytes;
            }
        }
    }

    /// <summary>The kept blocks of one size.</summary>
    private sealed class SizeClass(long blockBytes)
    {
        public long BlockBytes { get; } = blockBytes;

        public Stack<nint> Free { get; } = new();

        /// <summary>When a block of the class was last asked for or given back, counted in uses of the pool.</summary>
        public long LastUse { get; set; }
    }
}
