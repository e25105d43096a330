using System.Buffers;
using System.Collections.Concurrent;
using System.Text;

namespace MambaQuant.Quant.Tokenization;

/// <summary>Byte-pair encoding of one word: its bytes, merged pair by pair in the order in which the pairs were learnt.</summary>
/// <remarks>
/// The pair of the lowest rank is merged first, the leftmost of several; pairs that a merge makes take part. Cost: n log n for a
/// word of n bytes. Common words are remembered; the memory is shared by all threads and bounded, and changes no result.
/// </remarks>
internal sealed class BytePairModel
{
    private const int LongestRemembered = 64;
    private const int MostRemembered = 1 << 16;

    private readonly int[] _idOfByte = new int[256];
    private readonly Dictionary<(int Left, int Right), (int Rank, int Result)> _merges;
    private readonly Dictionary<string, int>? _wholeWords;
    private readonly ConcurrentDictionary<string, int[]> _remembered = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int[]>.AlternateLookup<ReadOnlySpan<char>> _lookup;
    private int _rememberedCount;

    /// <summary>Prepares the tables.</summary>
    /// <param name="definition">A checked tokenizer: every byte of UTF-8 has a token, every merge is of tokens.</param>
    public BytePairModel(TokenizerDefinition definition)
    {
        for (int value = 0; value < 256; value++)
        {
            _idOfByte[value] = definition.Vocabulary.GetValueOrDefault(ByteSymbols.Of((byte)value).ToString(), -1);
        }

        _merges = new Dictionary<(int, int), (int, int)>(definition.Merges.Count);
        for (int rank = 0; rank < definition.Merges.Count; rank++)
        {
            TokenMerge merge = definition.Merges[rank];
            _merges[(merge.Left, merge.Right)] = (rank, merge.Result);
        }

        _wholeWords = definition.IgnoresMerges ? definition.Vocabulary : null;
        _lookup = _remembered.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>Appends the ids of one word.</summary>
    /// <param name="word">Text without lone surrogates, not empty.</param>
    /// <param name="ids">Receives the ids.</param>
    public void Encode(ReadOnlySpan<char> word, List<int> ids)
    {
        if (_lookup.TryGetValue(word, out int[]? known))
        {
            ids.AddRange(known);
            return;
        }

        byte[] bytes = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(word.Length));
        int[] merged;
        try
        {
            merged = Merge(bytes.AsSpan(0, Encoding.UTF8.GetBytes(word, bytes)));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }

        ids.AddRange(merged);
        if (word.Length <= LongestRemembered && Volatile.Read(ref _rememberedCount) < MostRemembered && _lookup.TryAdd(word, merged))
        {
            Interlocked.Increment(ref _rememberedCount);
        }
    }

    private int[] Merge(ReadOnlySpan<byte> word)
    {
        if (_wholeWords is not null && _wholeWords.TryGetValue(string.Create(word.Length, word, WriteSymbols), out int whole))
        {
            return [whole];
        }

        // A linked list of the symbols left: each stands at the position of its first byte, merged ones disappear.
        var ids = new int[word.Length];
        var next = new int[word.Length];
        var previous = new int[word.Length];
        for (int i = 0; i < word.Length; i++)
        {
            ids[i] = _idOfByte[word[i]];
            next[i] = i + 1;
            previous[i] = i - 1;
        }

        // Candidates by rank, then by position; a candidate whose symbols have changed since is recognised by its result.
        var candidates = new PriorityQueue<(int Position, int Result), (int Rank, int Position)>();
        for (int i = 0; i + 1 < ids.Length; i++)
        {
            Propose(i);
        }

        const int Gone = -1;
        int left = ids.Length;
        while (candidates.TryDequeue(out (int Position, int Result) candidate, out _))
        {
            int position = candidate.Position;
            int right = ids[position] == Gone ? ids.Length : next[position];
            if (right == ids.Length || !_merges.TryGetValue((ids[position], ids[right]), out (int Rank, int Result) merge)
                || merge.Result != candidate.Result)
            {
                continue;
            }

            ids[position] = merge.Result;
            ids[right] = Gone;
            left--;
            next[position] = next[right];
            if (next[right] < ids.Length)
            {
                previous[next[right]] = position;
                Propose(position);
            }

            if (previous[position] >= 0)
            {
                Propose(previous[position]);
            }
        }

        var result = new int[left];
        for (int i = 0, position = 0; i < left; i++, position = next[position])
        {
            result[i] = ids[position];
        }

        return result;

        void Propose(int position)
        {
            if (_merges.TryGetValue((ids[position], ids[next[position]]), out (int Rank, int Result) merge))
            {
                candidates.Enqueue((position, merge.Result), (merge.Rank, position));
            }
        }
    }

    private static void WriteSymbols(Span<char> symbols, ReadOnlySpan<byte> bytes)
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            symbols[i] = ByteSymbols.Of(bytes[i]);
        }
    }
}
