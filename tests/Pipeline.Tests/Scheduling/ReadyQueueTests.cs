using System.Collections.Immutable;
using System.Globalization;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Scheduling;

public sealed class ReadyQueueTests
{
    [Fact]
    public void Best_IsTheFirstInOrderThatFits()
    {
        Random random = new(7);
        long[] memories = [.. Enumerable.Range(0, 300).Select(_ => random.NextInt64(0, 1L << random.Next(1, 50)))];
        JobShape shape = Shape(memories);
        HashSet<int> preferred = [.. Enumerable.Range(0, memories.Length).Where(_ => random.Next(5) == 0)];
        HashSet<int> kept = [];
        ReadyQueue queue = ReadyQueue.Empty;
        for (int round = 0; round < 2000; round++)
        {
            int item = random.Next(memories.Length);
            queue = kept.Add(item) ? queue.Add(shape, item, preferred.Contains(item)) : queue;
            item = random.Next(memories.Length);
            queue = kept.Remove(item) ? queue.Remove(shape, item, preferred.Contains(item)) : queue;

            long memory = random.Next(4) == 0 ? memories[random.Next(memories.Length)] : random.NextInt64(0, 1L << random.Next(1, 50));
            int? expected = kept.Where(index => memories[index] <= memory).OrderByDescending(preferred.Contains).ThenBy(shape.Place).Select(index => (int?)index).FirstOrDefault();
            Assert.Equal(expected, queue.Best(shape, memory));
        }
    }

    [Fact]
    public void MemoryClass_NeverFallsAsMemoryGrows()
    {
        long[] amounts = [0, 1, 3, 4, 5, 7, 8, 9, 1023, 1024, 1279, 1280, (1L << 40) - 1, 1L << 40, long.MaxValue];

        int[] classes = [.. amounts.Select(JobShape.MemoryClass)];

        Assert.Equal(classes.Order(), classes);
        Assert.NotEqual(JobShape.MemoryClass(1279), JobShape.MemoryClass(1280));
        Assert.True(JobShape.MemoryClass(-1) <= classes[0]);
    }

    private static JobShape Shape(long[] memories) => new(new WorkGraph(
        [.. memories.Select((memory, index) => new WorkItem(
            index, WorkKind.Evaluate, -1, 0, index, new ArtifactKey(index.ToString("x64", CultureInfo.InvariantCulture)), ImmutableArray<int>.Empty, new WorkCost(index * 7919 % 1000, 0, 0, 0, memory)))]));
}
