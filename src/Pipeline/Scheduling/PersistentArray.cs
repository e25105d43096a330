namespace MambaQuant.Pipeline.Scheduling;

/// <summary>An immutable array of fixed length: setting an element copies a few small nodes and shares all the rest.</summary>
/// <remarks>
/// Cost: get and set walk one node for each five bits of the length (100,000 elements: four); a set copies as many nodes of 32 references.
/// </remarks>
internal sealed class PersistentArray<T>
    where T : class
{
    private const int Bits = 5;
    private const int Width = 1 << Bits;

    private readonly object[] _root;
    private readonly int _shift;

    private PersistentArray(object[] root, int shift, int count)
    {
        _root = root;
        _shift = shift;
        Count = count;
    }

    /// <summary>An array without elements.</summary>
    public static PersistentArray<T> Empty { get; } = From([]);

    /// <summary>Number of elements.</summary>
    public int Count { get; }

    /// <summary>An element.</summary>
    /// <param name="index">From 0 to <see cref="Count"/> - 1.</param>
    public T this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
            object[] node = _root;
            for (int shift = _shift; shift > 0; shift -= Bits)
            {
                node = (object[])node[(index >> shift) & (Width - 1)];
            }

            return (T)node[index & (Width - 1)];
        }
    }

    /// <summary>Takes the elements of a list.</summary>
    public static PersistentArray<T> From(IReadOnlyList<T> elements)
    {
        object[] level = [.. elements];
        int shift = 0;
        while (level.Length > Width)
        {
            level = [.. level.Chunk(Width)];
            shift += Bits;
        }

        return new PersistentArray<T>(level, shift, elements.Count);
    }

    /// <summary>The array with one element replaced.</summary>
    public PersistentArray<T> Set(int index, T value)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
        return new PersistentArray<T>(Replace(_root, _shift, index, value), _shift, Count);
    }

    /// <summary>The array with one element more at its end.</summary>
    public PersistentArray<T> Add(T value)
    {
        // A full tree gets a new root above the old one.
        return Count == 1 << (_shift + Bits)
            ? new PersistentArray<T>([_root, Path(_shift, value)], _shift + Bits, Count + 1)
            : new PersistentArray<T>(Append(_root, _shift, value), _shift, Count + 1);
    }

    /// <summary>Where elements are other objects than in another array. Cost: walks only what the two do not share.</summary>
    /// <param name="before">The other array.</param>
    /// <returns>Indices of this array, ascending; all of them where the other is of another length.</returns>
    public IEnumerable<int> Differences(PersistentArray<T> before) => before.Count == Count ? Differing(_root, before._root, _shift, 0) : Enumerable.Range(0, Count);

    private static IEnumerable<int> Differing(object[] node, object[] before, int shift, int first)
    {
        for (int place = 0; !ReferenceEquals(node, before) && place < node.Length; place++)
        {
            if (ReferenceEquals(node[place], before[place]))
            {
                continue;
            }

            foreach (int index in shift == 0 ? [first + place] : Differing((object[])node[place], (object[])before[place], shift - Bits, first + (place << shift)))
            {
                yield return index;
            }
        }
    }

    private static object[] Replace(object[] node, int shift, int index, T value)
    {
        var copy = (object[])node.Clone();
        int place = (index >> shift) & (Width - 1);
        copy[place] = shift == 0 ? value : Replace((object[])copy[place], shift - Bits, index, value);
        return copy;
    }

    private static object[] Path(int shift, T value) => shift == 0 ? [value] : [Path(shift - Bits, value)];

    private object[] Append(object[] node, int shift, T value)
    {
        int place = (Count >> shift) & (Width - 1);
        if (shift == 0 || place == node.Length)
        {
            return [.. node, shift == 0 ? value : Path(shift - Bits, value)];
        }

        var copy = (object[])node.Clone();
        copy[place] = Append((object[])copy[place], shift - Bits, value);
        return copy;
    }
}
