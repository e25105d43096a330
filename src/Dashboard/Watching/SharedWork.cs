using System.Collections.Concurrent;

namespace MambaQuant.Dashboard.Watching;

/// <summary>Work that many pages ask for at the same time, done once for all of them; what comes of it is for others to keep. Thread-safe.</summary>
/// <typeparam name="T">What comes of it.</typeparam>
internal sealed class SharedWork<T>
{
    private readonly ConcurrentDictionary<string, Lazy<Task<T>>> _running = new(StringComparer.Ordinal);

    /// <summary>Does it, or waits for whoever does.</summary>
    /// <param name="name">Names the work.</param>
    /// <param name="work">The work. A page that goes does not stop it: others may wait for it.</param>
    /// <param name="cancellation">Ends the waiting, not the work.</param>
    public Task<T> GetAsync(string name, Func<Task<T>> work, CancellationToken cancellation) => _running.GetOrAdd(name, _ => new Lazy<Task<T>>(() => Task.Run(async () =>
    {
        try
        {
            return await work();
        }
        finally
        {
            // Failed or not: whoever asks after this asks anew.
            _running.TryRemove(name, out Lazy<Task<T>>? _);
        }
    }))).Value.WaitAsync(cancellation);
}
