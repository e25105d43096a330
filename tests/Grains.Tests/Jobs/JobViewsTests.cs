using MambaQuant.Grains.Contracts;
using MambaQuant.Grains.Jobs;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Grains.Tests.Jobs;

public sealed class JobViewsTests
{
    private static readonly JobOverview Overview = new()
    {
        Job = "0123456789abcdef",
        Status = JobStatus.Running,
        Cause = "cause",
        Version = 7,
        Owner = "owner",
        Store = "store",
        Stages = [new StageOverview("quantize", 1, 8, "layers", 0.5) { Seconds = 2.5 }],
        Workers = [new WorkerOverview("w", "a device", 3, 2, 10, 20, "tokens", 1.5, 4), new WorkerOverview("x", "", null, 0, 0, 0, "", 0, 0)],
        Notices = [new NoticeOverview(1, NoticeKind.Loss, 12345, "text")],
        Kinds = [new KindOverview(WorkKind.Quantize, 1, 2, 3, 4, 5)],
        Items = [new ItemChange(0, ItemStatus.Done), new ItemChange(3, ItemStatus.Running)],
        Made = 4,
        Reused = 5,
        Repeated = 6,
        Damaged = ["damaged"],
        Fault = "Fault",
    };

    [Fact]
    public async Task Overview_TravelsWhole()
    {
        JobOverview back = JobViews.ToOverview(await TravellingAsync());

        Assert.Equal(Text(Overview), Text(back));
    }

    [Fact]
    public async Task WhatAnotherVersionSent_AndThisOneDoesNotKnow_IsLeftOut()
    {
        JobView view = await TravellingAsync() with
        {
            Items = [new ItemCount { Kind = "KindOfTheFuture", Done = 1 }],
            Notices = [new JobNotice(1, "text") { Kind = 99 }],
            Changed = [new ItemView(0, 99), new ItemView(1, (int)ItemStatus.Ready)],
        };

        JobOverview back = JobViews.ToOverview(view);

        Assert.Empty(back.Kinds);
        Assert.Equal(NoticeKind.Remark, Assert.Single(back.Notices).Kind);
        Assert.Equal(new ItemChange(1, ItemStatus.Ready), Assert.Single(back.Items));
    }

    private static async Task<JobView> TravellingAsync()
    {
        using var small = new SmallJob();
        return JobViews.Of(Overview, await small.PutAsync(new MemoryArtifactStore()));
    }

    private static string Text(JobOverview overview) => System.Text.Json.JsonSerializer.Serialize(overview);
}
