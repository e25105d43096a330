using System.Diagnostics;
using System.Globalization;
using System.Text;
using MambaQuant.Grains.Contracts;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Silo.Tests.Running;

namespace MambaQuant.Reports.Cluster;

/// <summary>How soon a cluster of real processes, with the settings that a silo has by default, notices who comes and who goes.</summary>
internal sealed class ComingAndGoing : IAsyncDisposable
{
    private const int Silos = 3, Sequences = 16384;

    // Many items of less than a second, and more of them than there is time for while one silo after the other dies.
    private static readonly PlanOptions Grid = new() { Blocks = 2, Shards = 256 };

    private readonly RealJob _jobs = new();
    private readonly RealCluster _cluster;
    private readonly List<double> _joined = [], _joinedFromStart = [], _replaced = [], _adopted = [], _handedOn = [], _followed = [];
    private WorkPlan? _plan;
    private ulong _seed;

    private ComingAndGoing(RealCluster cluster) => _cluster = cluster;

    /// <summary>Measures.</summary>
    /// <param name="repeats">How often each.</param>
    public static async Task<string> MeasureAsync(int repeats)
    {
        await using var measurement = new ComingAndGoing(await RealCluster.StartAsync(Silos, more: []));
        for (int repeat = 1; repeat <= repeats; repeat++)
        {
            await measurement.KillWorkerAsync();
            await measurement.LoseOwnerAsync(hangs: false);
            await measurement.LoseOwnerAsync(hangs: true);
            ClusterCommand.Say($"coming and going, {repeat} of {repeats}: {measurement.Told}");
        }

        return measurement.Tell();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        _jobs.Dispose();
    }

    private string Told => string.Create(
        CultureInfo.InvariantCulture,
        $"item of a killed silo {Last(_replaced)} s, job of a killed silo {Last(_adopted)} s, job of a silo that hangs {Last(_followed)} s, joined {Last(_joined)} s ({Last(_joinedFromStart)} s from the start)");

    private string Tell()
    {
        var text = new StringBuilder("## Coming and going\n\n");
        text.Append(CultureInfo.InvariantCulture, $"{Silos} silos on loopback with one slot and one thread each, Redis, default settings (lease 15 s, heartbeat 3 s), a job of {_plan!.Graph.Items.Length} items; one silo after the other is killed and started again. All slots are at work all the time: until an item is given to another, one has to come free. A silo counts as ready when `/health/ready` first answers with 200, asked every 0.1 s; where it had an item by then, it waited 0 s for it.\n\n");
        text.Append("| | times | median s | worst s | aim s |\n|---|---:|---:|---:|---:|\n");
        Row("from a silo's being ready to its first item", _joined, "5");
        Row("from the start of its process to its first item", _joinedFromStart, "");
        Row("kill -9 of a silo: the item of its slot is given to another", _replaced, "20");
        Row("kill -9 of the silo that drives the job: another drives it and gives out items", _adopted, "60");
        Row("SIGSTOP of the silo that drives the job: another drives it and gives out items", _followed, "60");
        Row("kill -9 as above: the item of the killed silo's own slot is given to another", _handedOn, "60");
        return text.Append('\n').ToString();

        void Row(string what, List<double> seconds, string aim) => text.Append(
            CultureInfo.InvariantCulture, $"| {what} | {seconds.Count} | {(seconds.Count > 0 ? Spread.Median(seconds) : double.NaN):F1} | {seconds.DefaultIfEmpty(double.NaN).Max():F1} | {aim} |\n");
    }

    private async Task KillWorkerAsync()
    {
        await JobAsync();
        SiloProcess? silo = null;
        await WatchAsync(view => (silo = _cluster.WorkerOf(view)) is not null);
        silo!.Process.Kill();
        long killed = Stopwatch.GetTimestamp();

        // What was on its way when it was killed is settled once two looks agree. It may have had nothing just then.
        SlotView? lost = RealCluster.SlotOf(await _cluster.ViewAsync(_plan!), silo);
        for (SlotView? before = null; (before?.ItemIndex, before?.Attempt) != (lost?.ItemIndex, lost?.Attempt);)
        {
            (before, lost) = (lost, RealCluster.SlotOf(await _cluster.ViewAsync(_plan!), silo));
        }

        if (lost is not null)
        {
            await WatchAsync(view => IsWithAnother(view, lost) || IsDone(view, lost));
            _replaced.Add(Seconds(killed));
        }

        await JoinAsync(silo);
    }

    private async Task LoseOwnerAsync(bool hangs)
    {
        await JobAsync();
        SiloProcess? owner = null;
        SlotView? lost = null;
        await WatchAsync(view => (owner = _cluster.OwnerOf(view)) is not null && (lost = RealCluster.SlotOf(view, owner)) is not null);
        if (hangs)
        {
            owner!.Process.Signal("STOP");
        }
        else
        {
            owner!.Process.Kill();
        }

        long gone = Stopwatch.GetTimestamp();
        await WatchAsync(view => view.Phase == JobPhase.Running && _cluster.OwnerOf(view) is { } next && next != owner && view.Slots.Any(slot => slot.Item is not null));
        (hangs ? _followed : _adopted).Add(Seconds(gone));
        if (hangs)
        {
            owner.Process.Kill();
            await JoinAsync(owner);
            return;
        }

        // What it held may just have been made: then there was nothing to hand on.
        JobView view = await WatchAsync(view => IsWithAnother(view, lost!) || IsDone(view, lost!));
        if (IsWithAnother(view, lost!))
        {
            _handedOn.Add(Seconds(gone));
        }

        await JoinAsync(owner);
    }

    private async Task JoinAsync(SiloProcess silo)
    {
        silo.Restart();
        long started = Stopwatch.GetTimestamp();
        Task<double> ready = ReadyAsync();
        await WatchAsync(view => view.Slots.Any(slot => slot.Item is not null && slot.Slot.StartsWith(silo.Name + "/", StringComparison.Ordinal)));
        double worked = Seconds(started);
        _joinedFromStart.Add(worked);
        _joined.Add(Math.Max(0, worked - await ready));

        async Task<double> ReadyAsync()
        {
            await silo.WaitUntilReadyAsync();
            return Seconds(started);
        }
    }

    /// <summary>A job that runs, and has a lot to do.</summary>
    private async Task<WorkPlan> JobAsync()
    {
        if (_plan is null || (await _cluster.ViewAsync(_plan)) is var view && (view.HasEnded || view.Made > _plan.Graph.Items.Length * 3 / 4))
        {
            _plan = await _jobs.PutAsync(_cluster.Store, ++_seed, order: -(long)_seed, size: Sequences, grid: Grid);
            await _cluster.SubmitAsync(_plan);
            await WatchAsync(view => view.Made > 1 && view.Slots.Count(slot => slot.Item is not null) == Silos);
        }

        return _plan;
    }

    private Task<JobView> WatchAsync(Func<JobView, bool> until) => _cluster.WatchAsync(_plan!, view => view.HasEnded ? throw new InvalidOperationException($"the job is over: {RealCluster.Tell(view)}") : until(view));

    private static bool IsWithAnother(JobView view, SlotView lost) => view.Slots.Any(slot => slot.ItemIndex == lost.ItemIndex && slot.Slot != lost.Slot);

    private static bool IsDone(JobView view, SlotView lost) => view.Changed.Any(item => item.Item == lost.ItemIndex && item.Status == (int)ItemStatus.Done);

    private static string Last(List<double> seconds) => seconds.Count > 0 ? seconds[^1].ToString("F1", CultureInfo.InvariantCulture) : "-";

    private static double Seconds(long since) => Stopwatch.GetElapsedTime(since).TotalSeconds;
}
