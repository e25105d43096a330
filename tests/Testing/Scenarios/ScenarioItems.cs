using System.Collections.Immutable;
using System.Globalization;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Planning;

namespace MambaQuant.Testing.Scenarios;

/// <summary>The items of a scenario, by the names that it gives them.</summary>
public sealed class ScenarioItems
{
    private readonly List<string> _names = [];
    private readonly List<WorkItem> _items = [];

    /// <summary>The work.</summary>
    public WorkGraph Graph => new([.. _items]);

    /// <summary>The name of an item, or its number where it has none.</summary>
    /// <param name="index">Its index.</param>
    public string Name(int index) => index >= 0 && index < _names.Count ? _names[index] : index.ToString(CultureInfo.InvariantCulture);

    /// <summary>Replaces the made-up labels in a text by the scenario's names.</summary>
    /// <param name="text">A text of the scheduler.</param>
    public string Rename(string text)
    {
        // From the end: "Evaluate shard 1" stands at the beginning of "Evaluate shard 12".
        for (int index = _items.Count - 1; index >= 0; index--)
        {
            text = text.Replace(_items[index].Label, _names[index], StringComparison.Ordinal);
        }

        return text;
    }

    /// <summary>Adds the item that a line tells: NAME [kind KIND] [memory BYTES] [cost SECONDS] [writes BYTES] [needs NAME ...].</summary>
    internal void Add(ScenarioWords words)
    {
        string name = words.Next("the name of an item");
        WorkKind kind = words.Take("kind") ? Enum.Parse<WorkKind>(words.Next("a kind")) : WorkKind.Evaluate;
        long memory = words.Take("memory") ? words.Bytes("memory") : 0;
        long cost = words.Take("cost") ? words.Time("a cost") : 10_000;
        long written = words.Take("writes") ? words.Bytes("bytes") : 0;
        ImmutableArray<int>.Builder needs = ImmutableArray.CreateBuilder<int>();
        if (words.Take("needs"))
        {
            while (!words.AtEnd)
            {
                needs.Add(Find(words));
            }
        }

        words.ExpectEnd();
        var key = new ArtifactKey(_items.Count.ToString("x64", CultureInfo.InvariantCulture));
        needs.Sort();
        _items.Add(new WorkItem(
            _items.Count, kind, -1, 0, _items.Count, key, needs.ToImmutable(), new WorkCost(cost * 5e9, 0, written, 0, memory)));
        _names.Add(name);
    }

    /// <summary>Reads the name of an item; "item 7" stands for one that need not exist.</summary>
    internal int Find(ScenarioWords words)
    {
        if (words.Take("item"))
        {
            return words.Number("the index of an item");
        }

        string name = words.Next("the name of an item");
        return _names.IndexOf(name) is var index and >= 0 ? index : throw words.Error($"there is no item '{name}'");
    }
}
