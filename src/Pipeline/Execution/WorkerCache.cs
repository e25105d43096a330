namespace MambaQuant.Pipeline.Execution;

/// <summary>What a worker keeps between neighbouring items, within a budget: weights, hidden states, statistics that it has just written.</summary>
/// <remarks>Only a shortcut: everything in it can be read again. Least recently used goes first. Not thread-safe: one cache a worker.</remarks>
/// <param name="budgetBytes">Bytes that may be kept; 0 keeps nothing.</param>
internal sealed class WorkerCache(long budgetBytes) : IDisposable
{
    private readonly Dictionary<string, LinkedListNode<Entry>> _byName = new(StringComparer.Ordinal);
    private readonly LinkedList<Entry> _byUse = new();

    /// <summary>Bytes kept.</summary>
    public long HeldBytes { get; private set; }

    /// <summary>Something that stays in the cache; for values that are only read and own nothing.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="name">Its name.</param>
    public T? Find<T>(string name)
        where T : class
    {
        if (!_byName.TryGetValue(name, out LinkedListNode<Entry>? node))
        {
            return null;
        }

        _byUse.Remove(node);
        _byUse.AddFirst(node);
        return (T)node.Value.Value;
    }

    /// <summary>Takes something out; the caller owns it, and may put it back.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="name">Its name.</param>
    public T? Take<T>(string name)
        where T : class
    {
        T? found = Find<T>(name);
        if (found is not null)
        {
            Remove(_byName[name]);
        }

        return found;
    }

    /// <summary>Puts something in, which is owned from now on; what does not fit is disposed at once.</summary>
    /// <param name="name">Its name; an older value of the name goes.</param>
    /// <param name="value">The value.</param>
    /// <param name="bytes">What it holds.</param>
    public void Put(string name, object value, long bytes)
    {
        if (_byName.TryGetValue(name, out LinkedListNode<Entry>? old))
        {
            Drop(old);
        }

        if (bytes > budgetBytes)
        {
            (value as IDisposable)?.Dispose();
            return;
        }

        while (HeldBytes + bytes > budgetBytes)
        {
            Drop(_byUse.Last!);
        }

        _byName.Add(name, _byUse.AddFirst(new Entry(name, value, bytes)));
        HeldBytes += bytes;
    }

    /// <summary>Disposes everything.</summary>
    public void Dispose()
    {
        while (_byUse.Last is { } last)
        {
            Drop(last);
        }
    }

    private void Drop(LinkedListNode<Entry> node)
    {
        Remove(node);
        (node.Value.Value as IDisposable)?.Dispose();
    }

    private void Remove(LinkedListNode<Entry> node)
    {
        _byUse.Remove(node);
        _byName.Remove(node.Value.Name);
        HeldBytes -= node.Value.Bytes;
    }

    private readonly record struct Entry(string Name, object Value, long Bytes);
}
