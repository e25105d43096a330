namespace MambaQuant.Quant.Statistics;

/// <summary>Merges parts that arrive in order by a fixed tree: neighbours in pairs, the pairs in pairs, and so on.</summary>
/// <remarks>
/// Which sums are formed depends on the number of parts only, so fp64 sums come out the same bit for bit whoever forms them, and their
/// error grows with the logarithm of that number. Holds one part per level of the tree. Of n parts, those left over at the end
/// are merged from the right: for 7 parts ((0 1) (2 3)) ((4 5) 6).
/// </remarks>
/// <typeparam name="T">What is merged; values are not changed.</typeparam>
/// <param name="merge">The sum of an earlier and a later part.</param>
public sealed class MergeTree<T>(Func<T, T, T> merge)
{
    private readonly Stack<(T Value, int Level)> _open = new();

    /// <summary>Adds the next part.</summary>
    /// <param name="part">The part.</param>
    public void Add(T part)
    {
        int level = 0;
        while (_open.TryPeek(out (T Value, int Level) left) && left.Level == level)
        {
            part = merge(_open.Pop().Value, part);
            level++;
        }

        _open.Push((part, level));
    }

    /// <summary>The sum of all parts; adding may go on afterwards only with a new tree.</summary>
    /// <exception cref="InvalidOperationException">No part was added.</exception>
    public T Complete()
    {
        if (!_open.TryPop(out (T Value, int Level) last))
        {
            throw new InvalidOperationException("nothing was added, so there is nothing to merge");
        }

        T sum = last.Value;
        while (_open.TryPop(out (T Value, int Level) left))
        {
            sum = merge(left.Value, sum);
        }

        return sum;
    }
}
