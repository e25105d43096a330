using System.CommandLine;
using System.Globalization;
using System.Text;
using MambaQuant.Pipeline.Planning;

namespace MambaQuant.Reports;

/// <summary>The scheduling report: what scheduling itself costs, and how well simulated clusters of many workers are used.</summary>
internal static class SchedulingCommand
{
    private const string Title = "Scheduling";

    private static readonly int[] SmallCounts = [1, 2, 4, 8, 16, 32, 64, 128, 256];

    private static readonly Option<string[]> Devices = new("--devices") { DefaultValueFactory = _ => [SchedulingCluster.Here, "t4", "h100"], AllowMultipleArgumentsPerToken = true, Description = "devices of the workers" };
    private static readonly Option<string[]> Models = new("--models") { DefaultValueFactory = _ => ["mamba-2.8b", "mamba-7b"], AllowMultipleArgumentsPerToken = true, Description = "published models" };
    private static readonly Option<string[]> Schemes = new("--schemes") { DefaultValueFactory = _ => ["W8A8", "W4A8"], AllowMultipleArgumentsPerToken = true };
    private static readonly Option<int?> Blocks = new("--blocks") { Description = "the grid by hand, to compare" };
    private static readonly Option<int?> Shards = new("--shards") { Description = "the grid by hand, to compare" };
    private static readonly Option<FileInfo?> Output = new("--out") { Description = "markdown file to write; standard output without it" };

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command("scheduling", "What scheduling costs, and how well simulated clusters are used.") { Devices, Models, Schemes, Blocks, Shards, Output };
        command.SetAction(parsed =>
        {
            using var laboratory = new Laboratory();
            var machine = new SchedulingMachine();
            SchedulingCluster[] clusters = [.. parsed.GetValue(Devices)!.Select(device => new SchedulingCluster(machine, device))];
            var grid = new PlanOptions { Blocks = parsed.GetValue(Blocks), Shards = parsed.GetValue(Shards) };
            SchedulingJob[] jobs =
            [
                .. parsed.GetValue(Models)!.SelectMany(model => parsed.GetValue(Schemes)!.Select(scheme => new SchedulingJob(model, 4096, 2048, grid) { Scheme = scheme })),
            ];
            string text = SchedulingCost.Measure(machine) + Large(machine, clusters, jobs) + SchedulingGrid.Report(machine) + Losses(clusters, jobs) + Small(clusters, jobs);
            ReportFile.Write(parsed.GetValue(Output), Title, laboratory, text);
        });
        return command;
    }

    private static string Large(SchedulingMachine machine, SchedulingCluster[] clusters, SchedulingJob[] jobs)
    {
        var text = new StringBuilder("## 4,096 × 2,048 tokens with 64, 256 and 1,024 workers\n\n");
        text.Append($"{machine} A worker is held to give ({jobs[0].Model}): {string.Join("; ", clusters.Select(cluster => cluster.Rate(jobs[0])))}. ");
        text.Append("Between a node and the store 2 GB/s, for all together 25 GB/s, 0.2 s an item. Attempts differ by 10 %, workers by 3 % (standard deviations). ");
        text.Append("\"all equally fast\" is the share of computing without these differences. Aim: 90 % computing with 256 workers.\n\n");
        text.Append(SchedulingCluster.LargeHeadings);
        text.AppendJoin("", clusters.SelectMany(cluster => jobs.Select(cluster.Large)));
        return text.Append('\n').Append(SchedulingWords.Large).ToString();
    }

    private static string Losses(SchedulingCluster[] clusters, SchedulingJob[] jobs)
    {
        var text = new StringBuilder("## Lost nodes\n\nThe same jobs with 256 workers; each node is lost at a random moment and known to be lost 30 s later. Replaced: by a new one after 2 minutes.\n\n");
        text.Append(SchedulingCluster.LossesHeadings);
        text.AppendJoin("", clusters.SelectMany(cluster => jobs.Select(cluster.Losses)));
        return text.Append('\n').Append(SchedulingWords.Losses).ToString();
    }

    private static string Small(SchedulingCluster[] clusters, SchedulingJob[] jobs)
    {
        var text = new StringBuilder("## 512 × 512 tokens: how many workers pay\n\nMakespan and share of computing by the number of workers.\n\n");
        text.Append($"| worker | model | scheme |{string.Concat(SmallCounts.Select(count => $" {count} |"))} pay |\n|---|---|---|{string.Concat(SmallCounts.Select(_ => "---:|"))}---:|\n");
        foreach (SchedulingCluster cluster in clusters)
        {
            foreach (SchedulingJob job in jobs.Select(job => job with { Samples = 512, SequenceLength = 512, Options = new PlanOptions() }))
            {
                IReadOnlyList<(TimeSpan Makespan, double Utilisation)> runs = cluster.Growing(job, SmallCounts);
                string cells = string.Concat(runs.Select(run => $" {SchedulingCluster.Time(run.Makespan)}, {SchedulingCluster.Percent(run.Utilisation)} |"));
                text.Append(CultureInfo.InvariantCulture, $"| {cluster.Name} | {job.Model} | {job.Scheme} |{cells} {Paying(runs)} |\n");
            }
        }

        return text.Append("\n\"pay\": the last doubling that shortened the job by a quarter or more.\n\n").Append(SchedulingWords.Small).ToString();
    }

    private static int Paying(IReadOnlyList<(TimeSpan Makespan, double Utilisation)> runs)
    {
        int paying = Enumerable.Range(1, runs.Count - 1).LastOrDefault(count => runs[count].Makespan <= 0.75 * runs[count - 1].Makespan);
        return SmallCounts[paying];
    }
}
