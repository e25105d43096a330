using System.Diagnostics;
using System.Globalization;
using MambaQuant.Grains.Contracts;
using MambaQuant.Pipeline.Planning;

namespace MambaQuant.Reports.Cluster;

/// <summary>Slots that take no time: each reports what it was given, and is given the next in the answer.</summary>
internal sealed class SlotCrowd
{
    private readonly WorkPlan _plan;
    private readonly ICalibrationJobGrain _job;
    private readonly Dictionary<string, HeldLease?> _held = new(StringComparer.Ordinal);

    private SlotCrowd(BareCluster cluster, WorkPlan plan)
    {
        _plan = plan;
        _job = cluster.Client.GetGrain<ICalibrationJobGrain>(plan.Id);
    }

    /// <summary>Lets slots join.</summary>
    /// <param name="cluster">The cluster.</param>
    /// <param name="plan">The job.</param>
    /// <param name="count">How many.</param>
    public static async Task<SlotCrowd> JoinAsync(BareCluster cluster, WorkPlan plan, int count)
    {
        var crowd = new SlotCrowd(cluster, plan);
        foreach (int index in Enumerable.Range(0, count))
        {
            string slot = string.Create(CultureInfo.InvariantCulture, $"crowd/cpu-{index}/1");
            SlotReply reply = await crowd._job.JoinAsync(new SlotDescription { Slot = slot, MemoryBytes = long.MaxValue, Profile = plan.Request.Profile });
            crowd._held[slot] = reply.Held;
        }

        return crowd;
    }

    /// <summary>Works.</summary>
    /// <param name="span">How long at most.</param>
    /// <param name="most">How many items at most, about.</param>
    /// <returns>Items made.</returns>
    public async Task<int> WorkAsync(TimeSpan span, int most)
    {
        int made = 0;
        long began = Stopwatch.GetTimestamp();
        await Task.WhenAll([.. _held.Keys.ToList().Select(WorkAsync)]);
        return made;

        async Task WorkAsync(string slot)
        {
            HeldLease? held = _held[slot];
            while (Stopwatch.GetElapsedTime(began) < span && made < most)
            {
                SlotReply reply = held is { } lease
                    ? await _job.ReportAsync(slot, [new WorkReport { Item = lease.Item, Attempt = lease.Attempt, Kind = ReportKind.Completed, Checksum = _plan.Graph.Items[lease.Item].Key.Text, Asks = true }])
                    : await _job.RenewAsync(slot, [], asks: true);
                Interlocked.Add(ref made, held is null ? 0 : 1);
                held = reply.Held;
                if (held is null)
                {
                    await Task.Delay(10);
                }
            }

            lock (_held)
            {
                _held[slot] = held;
            }
        }
    }
}
