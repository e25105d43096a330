namespace MambaQuant.Quant.Kernels.Cpu;

/// <summary>Divides the threads of a process among backends that compute at the same time.</summary>
/// <remarks>
/// Whoever computes says so with <see cref="Begin"/>; each call of a backend then takes its part of the threads, all of them where it is alone. No
/// result depends on it. Thread-safe.
/// </remarks>
/// <param name="threads">Threads to divide, at least 1.</param>
public sealed class ThreadShare(int threads)
{
    private int _computing;

    /// <summary>Threads to divide.</summary>
    public int Threads { get; } = threads >= 1 ? threads : throw new ArgumentOutOfRangeException(nameof(threads), threads, "expected 1 thread or more");

    /// <summary>Threads that one call may use now.</summary>
    /// <value>At least 1; rounded up, since who computes also reads and writes.</value>
    public int Part
    {
        get
        {
            int computing = Math.Max(1, Volatile.Read(ref _computing));
            return (Threads + computing - 1) / computing;
        }
    }

    /// <summary>Says that somebody begins to compute.</summary>
    /// <returns>To be disposed at the end.</returns>
    public IDisposable Begin() => new Turn(this);

    private sealed class Turn : IDisposable
    {
        private ThreadShare? _share;

        public Turn(ThreadShare share)
        {
            _share = share;
            Interlocked.Increment(ref share._computing);
        }

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _share, null) is { } share)
            {
                Interlocked.Decrement(ref share._computing);
            }
        }
    }
}
