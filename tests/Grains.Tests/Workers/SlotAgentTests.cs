using System.Reflection;
using MambaQuant.Grains.Contracts;
using MambaQuant.Grains.Hosting;
using MambaQuant.Grains.Workers;
using MambaQuant.Pipeline.Local;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace MambaQuant.Grains.Tests.Workers;

public sealed class SlotAgentTests
{
    private const string Job = "some job";

    [Fact]
    public async Task Slot_SpeaksToItsJob_WhileTheDirectoryDoesNotAnswer()
    {
        IGrainFactory grains = OneJob.Make(
            out OneJob cluster,
            asked => asked == 1 ? Task.FromResult(new SlotOrder { Job = Job }) : new TaskCompletionSource<SlotOrder>().Task);
        await RunAsync(grains, _ => cluster.OftenRenewed.WaitAsync(TimeSpan.FromSeconds(60)));

        Assert.Equal(2, cluster.Announced); // the first one sent it to its job; the second one is not answered, and there is one word at a time
    }

    [Fact]
    public async Task Slot_MayBeWanted_UntilTheDirectorySaysThatItIsNot_AndAgainOnceItCannotBeAsked()
    {
        TaskCompletionSource<SlotOrder>[] answers = [new(), new(), new()];
        TaskCompletionSource[] asks = [new(), new(), new()];
        IGrainFactory grains = OneJob.Make(out _, asked =>
        {
            asks[Math.Min(asked, 3) - 1].TrySetResult();
            return answers[Math.Min(asked, 3) - 1].Task;
        });
        await RunAsync(grains, async agent =>
        {
            await asks[0].Task.WaitAsync(TimeSpan.FromSeconds(60));
            Assert.True(agent.MayBeWanted);

            answers[0].SetResult(new SlotOrder { MayBeWanted = false });
            await asks[1].Task.WaitAsync(TimeSpan.FromSeconds(60));
            Assert.False(agent.MayBeWanted);

            answers[1].SetException(new TimeoutException("the directory is away"));
            await asks[2].Task.WaitAsync(TimeSpan.FromSeconds(60));
            Assert.True(agent.MayBeWanted);
            answers[2].SetResult(new SlotOrder());
        });
    }

    /// <summary>Runs a slot of its own as long as somebody looks at it.</summary>
    private static async Task RunAsync(IGrainFactory grains, Func<SlotAgent, Task> look)
    {
        using var folder = new TemporaryDirectory();
        using var backends = new CpuBackends(1);
        using var stop = new CancellationTokenSource();
        var options = new MambaQuantSiloOptions
        {
            Store = new MemoryArtifactStore(),
            Backends = backends,
            Slots = [new SlotOptions("cpu-0", long.MaxValue, "a test")],
            ScratchPath = folder.File("scratch"),
            Scheduling = new SchedulerOptions { Lease = TimeSpan.FromSeconds(1), Heartbeat = TimeSpan.FromMilliseconds(10) },
            Announcement = TimeSpan.FromMilliseconds(10),
        };
        var slot = new SlotDescription { Slot = "silo/cpu-0/1", Device = "a test", MemoryBytes = long.MaxValue, Profile = "any" };
        using var agent = new SlotAgent(slot, 0, options, new RequestedExecutorFactory(), grains, TimeProvider.System, NullLogger.Instance);
        Task run = Task.Run(() => agent.RunAsync(CancellationToken.None, stop.Token));
        await look(agent);
        await stop.CancelAsync();
        await run.WaitAsync(TimeSpan.FromSeconds(60));
    }

    /// <summary>A cluster with one job that never has anything to do, and a directory.</summary>
    public class OneJob : DispatchProxy
    {
        private readonly TaskCompletionSource _oftenRenewed = new();
        private OneJob? _whole;
        private Func<int, Task<SlotOrder>>? _answer;
        private int _renewed, _announced;

        public Task OftenRenewed => _oftenRenewed.Task;

        public int Announced => Volatile.Read(ref _announced);

        /// <param name="cluster">The same.</param>
        /// <param name="answer">What the directory says when it is asked for the first, second, ... time.</param>
        public static IGrainFactory Make(out OneJob cluster, Func<int, Task<SlotOrder>> answer)
        {
            IGrainFactory factory = Create<IGrainFactory, OneJob>();
            cluster = (OneJob)(object)factory;
            cluster._answer = answer;
            return factory;
        }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => targetMethod?.Name switch
        {
            nameof(IGrainFactory.GetGrain) => targetMethod.ReturnType == typeof(IJobDirectoryGrain) ? Part<IJobDirectoryGrain>() : Part<ICalibrationJobGrain>(),
            nameof(IJobDirectoryGrain.AnnounceAsync) => _whole!.Announce(),
            nameof(ICalibrationJobGrain.JoinAsync) => Task.FromResult(new SlotReply { Standing = SlotStanding.Member, Version = 1 }),
            nameof(ICalibrationJobGrain.RenewAsync) => _whole!.Renew(),
            _ => throw new NotSupportedException(targetMethod?.Name),
        };

        private T Part<T>()
            where T : class
        {
            T part = Create<T, OneJob>();
            ((OneJob)(object)part)._whole = this;
            return part;
        }

        private Task<SlotOrder> Announce() => _answer!(Interlocked.Increment(ref _announced));

        private Task<SlotReply> Renew()
        {
            // Far more often than an announcement is due meanwhile.
            if (Interlocked.Increment(ref _renewed) == 20)
            {
                _oftenRenewed.SetResult();
            }

            return Task.FromResult(new SlotReply { Standing = SlotStanding.Member, Version = 1 });
        }
    }
}
