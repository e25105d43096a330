using System.Collections.Immutable;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Planning;

namespace MambaQuant.Client.Progress;

/// <summary>What the terminal shows of a job below its stages: how many items, and what every worker does; each a line whatever the terminal's width.</summary>
internal static class WorkerLines
{
    /// <summary>Workers that are shown; the others are counted.</summary>
    public const int Most = 8;

    private const int Gap = StageColumns.Gap;

    /// <summary>How many items are done, and how many workers are busy.</summary>
    /// <param name="overview">The job as it stands.</param>
    public static string Summary(JobOverview overview)
    {
        int busy = overview.Workers.Count(worker => worker.Item is not null);
        int done = overview.Kinds.Sum(kind => kind.Done);
        int all = overview.Kinds.Sum(kind => kind.Done + kind.Running + kind.Ready + kind.Waiting);
        string again = overview.Repeated > 0 ? $", {overview.Repeated:N0} begun again" : string.Empty;
        return $"{done:N0} of {all:N0} items, {busy:N0} of {overview.Workers.Length:N0} {(overview.Workers.Length == 1 ? "worker" : "workers")} busy{again}";
    }

    /// <summary>The lines.</summary>
    /// <param name="overview">The job as it stands.</param>
    /// <param name="plan">The job.</param>
    /// <param name="width">Cells of the terminal.</param>
    /// <returns>None where nobody works for the job.</returns>
    public static ImmutableArray<string> Of(JobOverview overview, WorkPlan plan, int width)
    {
        if (overview.Workers.IsEmpty)
        {
            return [];
        }

        List<(string Name, string Item, string Percent, string Rate, string Time)> rows =
            [.. overview.Workers.OrderBy(worker => worker.Item is null).Take(Most).Select(worker => Row(worker, plan))];
        (int Name, int Item, int Percent, int Rate, int Time) cells =
            (rows.Max(row => row.Name.Length), rows.Max(row => row.Item.Length), rows.Max(row => row.Percent.Length), rows.Max(row => row.Rate.Length), rows.Max(row => row.Time.Length));
        return
        [
            Cut(Column(Summary(overview)), width),
            .. rows.Select(row => Cut(string.Concat(
                Column(row.Name.PadRight(cells.Name)),
                Column(row.Item.PadRight(cells.Item)),
                Column(row.Percent.PadLeft(cells.Percent)),
                Column(row.Time.PadLeft(cells.Time)),
                Column(row.Rate)).TrimEnd(), width)),
            .. overview.Workers.Length > Most ? [Cut(Column($"and {overview.Workers.Length - Most:N0} more"), width)] : Array.Empty<string>(),
        ];
    }

    private static (string Name, string Item, string Percent, string Rate, string Time) Row(WorkerOverview worker, WorkPlan plan) => worker.Item is { } item
        ? (
            worker.Name,
            item < plan.Graph.Items.Length ? plan.Graph.Items[item].Label : string.Empty,
            worker.Total > 0 ? $"{100 * Math.Min(worker.Done, worker.Total) / worker.Total} %" : string.Empty,
            worker.PerSecond is { } rate ? ProgressText.Rate(rate, worker.Unit) : string.Empty,
            ProgressText.Duration(TimeSpan.FromSeconds(worker.Seconds)))
        : (worker.Name, "waits", string.Empty, string.Empty, string.Empty);

    private static string Column(string text) => new string(' ', Gap) + text;

    private static string Cut(string line, int width) => line.Length <= width ? line : width < 1 ? string.Empty : $"{line.AsSpan(0, width - 1)}…";
}
