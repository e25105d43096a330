using MambaQuant.Pipeline.Scheduling;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Scheduling;

/// <summary>What holds in every state, worked out again from nothing.</summary>
internal static class StateAudit
{
    public static void Check(SchedulerState state)
    {
        if (state.Shape is not { } shape)
        {
            return;
        }

        int done = 0;
        int open = 0;
        ReadyQueue ready = ReadyQueue.Empty;
        List<(long Due, int Item)> delayed = [];
        for (int index = 0; index < shape.Count; index++)
        {
            ItemState item = state.Items[index];
            done += item.Status == ItemStatus.Done ? 1 : 0;
            open += item.IsOpen ? 1 : 0;
            int missing = shape.Item(index).Needs.Count(need => state.StatusOf(need) != ItemStatus.Done);
            if (item.IsOpen)
            {
                Assert.Equal(missing, item.Missing);
                Assert.All(shape.Item(index).Needs, need => Assert.NotEqual(ItemStatus.Unneeded, state.StatusOf(need)));
            }

            switch (item.Status)
            {
                case ItemStatus.Waiting:
                    Assert.True(missing > 0, $"item {index} waits for nothing");
                    break;
                case ItemStatus.Ready:
                    Assert.Equal(0, missing);
                    ready = ready.Add(shape, index, item.IsPreferred(state.Options));
                    break;
                case ItemStatus.Delayed:
                    Assert.Equal(0, missing);
                    delayed.Add((item.Due, index));
                    break;
                case ItemStatus.Done:
                    Assert.NotNull(item.Checksum);
                    break;
            }

            Assert.Equal(item.Status == ItemStatus.Running, item.Holder != ItemState.Nobody);
            Assert.True(item.Twin == ItemState.Nobody || (item.Holder != ItemState.Nobody && item.Twin != item.Holder));
            foreach (int holder in new[] { item.Holder, item.Twin }.Where(holder => holder != ItemState.Nobody))
            {
                Assert.Equal(index, state.Workers[holder].Lease?.Item);
            }
        }

        Assert.Equal(done, state.DoneCount);
        Assert.Equal(open, state.OpenCount);
        Assert.Equal([.. delayed.Order()], state.Delayed.ToArray());
        Assert.Equal(Drain(state, ready), Drain(state, state.Ready));
        CheckWorkers(state, shape);
        Assert.Equal(state.Status == JobStatus.Running, open > 0 && state.Status is not (JobStatus.Failed or JobStatus.Cancelled));
    }

    private static void CheckWorkers(SchedulerState state, JobShape shape)
    {
        List<int> busy = [];
        List<(long, int)> hungry = [];
        List<(long, int)> resting = [];
        for (int index = 0; index < state.Workers.Count; index++)
        {
            WorkerState worker = state.Workers[index];
            if (worker.Lease is { } lease)
            {
                busy.Add(index);
                Assert.True(worker.IsPresent);
                Assert.False(worker.IsHungry);
                Assert.Equal(state.Profile, worker.Profile);
                Assert.True(shape.Memory(lease.Item) <= worker.Memory);
                Assert.True(state.Items[lease.Item].Holder == index || state.Items[lease.Item].Twin == index);
                Assert.True(lease.Attempt <= state.AttemptsOf(lease.Item));
            }

            if (worker.IsHungry)
            {
                Assert.True(worker.IsPresent);
                (state.Resting.Contains((worker.RestsUntil, index)) ? resting : hungry).Add((state.Resting.Contains((worker.RestsUntil, index)) ? worker.RestsUntil : worker.Memory, index));
            }
        }

        Assert.Equal([.. busy], state.Busy.ToArray());
        Assert.Equal([.. hungry.Order()], state.Hungry.ToArray());
        Assert.Equal([.. resting.Order()], state.Resting.ToArray());
        Assert.True(
            state.Status != JobStatus.Running || state.Hungry.IsEmpty || state.Ready.Best(shape, state.Hungry.Max.Memory) is null,
            "a worker is idle while an item that fits is ready");
        Assert.True(state.Busy.IsEmpty || state.Status == JobStatus.Running, "a worker works on a job that has ended");
    }

    private static List<int> Drain(SchedulerState state, ReadyQueue queue)
    {
        List<int> items = [];
        while (queue.Best(state.Shape!, long.MaxValue) is { } item)
        {
            items.Add(item);
            queue = queue.Remove(state.Shape!, item, state.Items[item].IsPreferred(state.Options));
        }

        return items;
    }
}
