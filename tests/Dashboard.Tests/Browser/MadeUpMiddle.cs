using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;

namespace MambaQuant.Dashboard.Tests.Browser;

/// <summary>Jobs as they stand half an hour after their beginning.</summary>
internal static class MadeUpMiddle
{
    /// <summary>A job of many sorts of items, in the middle.</summary>
    /// <param name="source">Where it goes.</param>
    /// <param name="plan">The job.</param>
    public static async Task<MadeUpJob> HalfDoneAsync(MadeUpSource source, WorkPlan plan)
    {
        MadeUpJob job = source.Add(plan, "mamba-130m");
        job.Set(ItemStatus.Done, [.. job.Of(WorkKind.Tokenize), .. job.Of(WorkKind.ObserveOriginal), .. job.Of(WorkKind.ObserveRanges), .. job.Of(WorkKind.ReduceOriginal), .. job.Of(WorkKind.ResidualRotation)]);
        job.Set(ItemStatus.Done, job.Of(WorkKind.SearchSmoothing).Take(9));
        job.Set(ItemStatus.Running, job.Of(WorkKind.SearchSmoothing).Skip(9).Take(2));
        job.Set(ItemStatus.Ready, job.Of(WorkKind.SearchSmoothing).Skip(11));
        job.Set(ItemStatus.Done, job.Of(WorkKind.Transform).Take(8));
        job.Set(ItemStatus.Done, job.Of(WorkKind.ObserveTransformed).Take(20));
        job.Set(ItemStatus.Running, job.Of(WorkKind.ObserveTransformed).Skip(20).Take(3));
        job.Set(ItemStatus.Delayed, job.Of(WorkKind.ObserveTransformed).Skip(23).Take(2));
        job.Set(ItemStatus.Unneeded, job.Of(WorkKind.ReduceRanges).Take(4));
        job.Set(ItemStatus.Done, job.Of(WorkKind.Quantize).Take(4));
        foreach (WorkItem item in plan.Graph.Items.Where(item => item.Kind is WorkKind.ResidualRotation || (item.Kind is WorkKind.Transform or WorkKind.Quantize && item.First is >= 0 and < 4)))
        {
            await MadeUpPictures.PutAsync(source, item);
        }

        job.Stages(
            new StageOverview(Stages.ObserveOriginal, 786_432, 786_432, "tokens", 12_345),
            new StageOverview(Stages.ResidualRotation, 1, 1, "rotations", 0.2),
            new StageOverview(Stages.SearchSmoothing, 9, 24, "layers", 0.11),
            new StageOverview(Stages.ObserveTransformed, 245_760, 786_432, "tokens", 9_876),
            new StageOverview(Stages.Quantize, 4, 24, "layers", 0.05));
        int[] searching = [.. job.Of(WorkKind.SearchSmoothing)], observing = [.. job.Of(WorkKind.ObserveTransformed)];
        job.Workers(
            new WorkerOverview("worker-0", "processors, 4 threads for 4", searching[9], 1, 3, 5, "sites", 12.3, 14),
            new WorkerOverview("worker-1", "processors, 4 threads for 4", searching[10], 2, 1, 5, "sites", 4, 11),
            new WorkerOverview("worker-2", "processors, 4 threads for 4", observing[20], 1, 1024, 4096, "tokens", 0.7, 17),
            new WorkerOverview("worker-10", "processors, 4 threads for 4", null, 0, 0, 0, "", 0, 9));
        job.Say(NoticeKind.Remark, "worker-1 joined");
        job.Say(NoticeKind.Retry, "ObserveTransformed layers 3-5 shard 4 is tried again: IOException: the disk says no");
        job.Say(NoticeKind.Loss, "worker-3 was lost: no sign of life for 15 s; ObserveTransformed layers 6-8 shard 0 returns to the queue");
        return job;
    }
}
