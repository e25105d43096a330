using System.Collections.Immutable;

namespace MambaQuant.Pipeline.Scheduling;

/// <summary>The items that can be given out, by class of memory and then by place, preferred ones before all others; immutable.</summary>
/// <remarks>
/// Cost: a change is logarithmic; the best item for a worker looks once at each class in use, and walks through one class only where the
/// worker's memory ends inside it.
/// </remarks>
internal sealed class ReadyQueue
{
    private readonly ImmutableArray<(int Class, ImmutableSortedSet<int> Places)> _classes;

    private ReadyQueue(ImmutableArray<(int Class, ImmutableSortedSet<int> Places)> classes) => _classes = classes;

    public static ReadyQueue Empty { get; } = new([]);

    public bool IsEmpty => _classes.IsEmpty;

    public int Count => _classes.Sum(each => each.Places.Count);

    /// <summary>The queue with an item more.</summary>
    /// <param name="shape">The job.</param>
    /// <param name="item">Index of the item.</param>
    /// <param name="isPreferred">Whether it goes before all that are not.</param>
    public ReadyQueue Add(JobShape shape, int item, bool isPreferred)
    {
        int memoryClass = JobShape.MemoryClass(shape.Memory(item));
        int place = Place(shape, item, isPreferred);
        int index = 0;
        while (index < _classes.Length && _classes[index].Class < memoryClass)
        {
            index++;
        }

        return index < _classes.Length && _classes[index].Class == memoryClass
            ? new ReadyQueue(_classes.SetItem(index, (memoryClass, _classes[index].Places.Add(place))))
            : new ReadyQueue(_classes.Insert(index, (memoryClass, [place])));
    }

    /// <summary>The queue without an item.</summary>
    /// <param name="shape">The job.</param>
    /// <param name="item">Index of the item.</param>
    /// <param name="isPreferred">As it was when the item was added.</param>
    public ReadyQueue Remove(JobShape shape, int item, bool isPreferred)
    {
        int memoryClass = JobShape.MemoryClass(shape.Memory(item));
        for (int index = 0; index < _classes.Length; index++)
        {
            if (_classes[index].Class == memoryClass)
            {
                ImmutableSortedSet<int> left = _classes[index].Places.Remove(Place(shape, item, isPreferred));
                return new ReadyQueue(left.IsEmpty ? _classes.RemoveAt(index) : _classes.SetItem(index, (memoryClass, left)));
            }
        }

        return this;
    }

    /// <summary>The first item in order that fits into a worker's memory, or null.</summary>
    public int? Best(JobShape shape, long memory)
    {
        int last = JobShape.MemoryClass(memory);
        int best = int.MaxValue;
        foreach ((int memoryClass, ImmutableSortedSet<int> places) in _classes)
        {
            if (memoryClass < last)
            {
                best = Math.Min(best, places.Min);
            }
            else if (memoryClass == last)
            {
                best = Math.Min(best, FirstThatFits(shape, places, memory));
            }
        }

        return best == int.MaxValue ? null : ItemAt(shape, best);
    }

    /// <summary>The items by the memory that they need, least first.</summary>
    public IReadOnlyList<(long MemoryBytes, int Count)> ByMemory(JobShape shape) =>
    [
        .. _classes
            .SelectMany(each => each.Places.CountBy(place => shape.Memory(ItemAt(shape, place))))
            .OrderBy(amount => amount.Key)
            .Select(amount => (amount.Key, amount.Value)),
    ];

    /// <summary>An item's place in this queue: preferred ones have the negative ones.</summary>
    private static int Place(JobShape shape, int item, bool isPreferred) => isPreferred ? shape.Place(item) - shape.Count : shape.Place(item);

    private static int ItemAt(JobShape shape, int place) => shape.ItemAt(place < 0 ? place + shape.Count : place);

    private static int FirstThatFits(JobShape shape, ImmutableSortedSet<int> places, long memory)
    {
        foreach (int place in places)
        {
            if (shape.Memory(ItemAt(shape, place)) <= memory)
            {
                return place;
            }
        }

        return int.MaxValue;
    }
}
