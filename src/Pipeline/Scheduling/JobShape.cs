using System.Collections.Immutable;
using System.Numerics;
using MambaQuant.Pipeline.Planning;

namespace MambaQuant.Pipeline.Scheduling;

/// <summary>What never changes while a job runs: its graph, turned around and put in order.</summary>
internal sealed class JobShape
{
    private readonly int[] _consumerStarts;
    private readonly int[] _consumers;
    private readonly int[] _places;
    private readonly int[] _itemsByPlace;
    private readonly double[] _seconds;
    private readonly ImmutableArray<double> _ranks;

    public JobShape(WorkGraph graph)
    {
        Graph = graph;
        int count = graph.Items.Length;
        _consumerStarts = new int[count + 1];
        foreach (int need in graph.Items.SelectMany(item => item.Needs))
        {
            _consumerStarts[need + 1]++;
        }

        for (int index = 0; index < count; index++)
        {
            _consumerStarts[index + 1] += _consumerStarts[index];
        }

        _consumers = new int[_consumerStarts[count]];
        int[] next = _consumerStarts[..count];
        foreach (WorkItem item in graph.Items)
        {
            foreach (int need in item.Needs)
            {
                _consumers[next[need]++] = item.Index;
            }
        }

        _seconds = [.. graph.Items.Select(item => UpwardRank.NominalSeconds(item.Cost))];
        _ranks = UpwardRank.Of(graph, item => _seconds[item.Index]);
        _itemsByPlace = [.. Enumerable.Range(0, count).OrderByDescending(index => _ranks[index]).ThenBy(index => index)];
        _places = new int[count];
        for (int place = 0; place < count; place++)
        {
            _places[_itemsByPlace[place]] = place;
        }

        HungriestFirst = [.. graph.Items.OrderByDescending(item => item.Cost.MemoryBytes).ThenBy(item => item.Index).Select(item => item.Index)];
    }

    public WorkGraph Graph { get; }

    public int Count => _places.Length;

    /// <summary>The items by the memory that they need, most first.</summary>
    public ImmutableArray<int> HungriestFirst { get; }

    public WorkItem Item(int index) => Graph.Items[index];

    public ReadOnlySpan<int> Consumers(int item) => _consumers.AsSpan(_consumerStarts[item].._consumerStarts[item + 1]);

    /// <summary>An item's place in the order in which items are given out: by rank, equal ones by index.</summary>
    public int Place(int item) => _places[item];

    public int ItemAt(int place) => _itemsByPlace[place];

    /// <summary>Nominal seconds from the beginning of an item to the end of the job.</summary>
    public double Rank(int item) => _ranks[item];

    public long Memory(int item) => Graph.Items[item].Cost.MemoryBytes;

    /// <summary>What an item takes on the nominal worker; at least a nanosecond, so that it can divide.</summary>
    public double NominalSeconds(int item) => Math.Max(_seconds[item], 1e-9);

    /// <summary>Sorts amounts of memory into four classes per power of two; a larger amount never has a smaller class.</summary>
    public static int MemoryClass(long bytes)
    {
        long amount = Math.Max(bytes, 4);
        int log = BitOperations.Log2((ulong)amount);
        return (log << 2) | (int)((amount >> (log - 2)) & 3);
    }
}
