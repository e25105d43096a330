using MambaQuant.Pipeline.Scheduling;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Scheduling;

public sealed class RandomScheduleTests
{
    private static readonly SchedulerOptions Patient = new()
    {
        RetryLimit = 1000,
        PoisonThreshold = 1000,
        LossLimit = 1000,
        StragglerFloor = TimeSpan.FromSeconds(1),
    };

    private static readonly SchedulerOptions Strict = new() { RetryLimit = 2, PoisonThreshold = 2, LossLimit = 1 };

    public static TheoryData<int> Hundreds => [.. Enumerable.Range(0, 4)];

    [Theory]
    [MemberData(nameof(Hundreds))]
    public void Job_EndsWithTheSameArtifactsAndNoNeedlessAttemptWhateverHappens(int hundred)
    {
        int recoveries = 0;
        foreach (int seed in Enumerable.Range(100 * hundred, 100))
        {
            RandomWorld world = new(seed, seed % 60, Patient with { ReturnedFirst = seed / 7 % 2 == 0 });

            Assert.True(world.Run() == JobStatus.Finished, $"seed {seed}");

            Assert.True(world.Nondeterminisms == 0, $"seed {seed}");
            for (int item = 0; item < world.Items; item++)
            {
                // An item whose artifact was lost when nobody needed it any more stays unmade after a second submission.
                Assert.True(
                    world.State.StatusOf(item) == ItemStatus.Unneeded || world.State.ChecksumOf(item) == RandomWorld.Checksum(item),
                    $"seed {seed}, item {item}");
            }

            int most = world.Items + world.Returned + world.Reopened + world.Twins + (world.Items * world.Resubmissions);
            Assert.True(world.Assigned <= most, $"seed {seed}: {world.Assigned} attempts at {world.Items} items, at most {most} have a reason");
            recoveries += world.Recoveries;
        }

        Assert.True(recoveries > 10, $"{recoveries} restarts went on from a snapshot");
    }

    [Fact]
    public void Attempts_WithoutFaultsAreOnePerItem()
    {
        foreach (int seed in Enumerable.Range(0, 100))
        {
            RandomWorld world = new(seed, 0, new SchedulerOptions { Lease = TimeSpan.FromDays(300), StragglerFloor = TimeSpan.FromDays(300) });

            Assert.True(world.Run() == JobStatus.Finished, $"seed {seed}");

            Assert.True(world.Assigned == world.Items, $"seed {seed}");
        }
    }

    [Fact]
    public void Job_EndsUnderStrictLimitsToo()
    {
        Dictionary<JobStatus, int> ends = [];
        foreach (int seed in Enumerable.Range(0, 200))
        {
            JobStatus end = new RandomWorld(seed, seed % 40, Strict).Run();
            ends[end] = ends.GetValueOrDefault(end) + 1;
        }

        // Both ends are met, so that the test sees both.
        Assert.Equal([JobStatus.Finished, JobStatus.Failed], ends.Keys.Order());
    }
}
