using System.CommandLine;
using System.Globalization;
using System.Text;
using MambaQuant.Testing;

namespace MambaQuant.Reports;

/// <summary>What the live page costs a job, and how late it is.</summary>
internal static class DashboardCommand
{
    private static readonly Option<DirectoryInfo> Model = new("--model") { Description = "float model", DefaultValueFactory = _ => new DirectoryInfo(Path.Combine(Repository.Root, "samples", "mamba-5m")) };
    private static readonly Option<FileInfo> Text = new("--calibration")
    {
        Description = "text to calibrate on",
        DefaultValueFactory = _ => new FileInfo(Path.Combine(Repository.Root, "samples", "mamba-5m", "eval.txt")),
    };

    private static readonly Option<int> Samples = new("--samples") { Description = "calibration sequences of 256 tokens", DefaultValueFactory = _ => 20 };
    private static readonly Option<int> Rounds = new("--rounds") { Description = "turns of the job", DefaultValueFactory = _ => 7 };
    private static readonly Option<int> Events = new("--events") { Description = "events of which the delay is measured; 0 without a browser", DefaultValueFactory = _ => 100 };
    private static readonly Option<FileInfo?> Output = new("--out") { Description = "markdown file to write; standard output without it" };
    private static readonly Option<string?> Read = new("--read") { Description = "be the pages of another process: read this address until it ends", Hidden = true };
    private static readonly Option<int> Pages = new("--pages") { Description = "how many", Hidden = true };

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command("dashboard", "What the live page costs a job, and how late it is.") { Model, Text, Samples, Rounds, Events, Output, Read, Pages };
        command.SetAction(async (parsed, _) =>
        {
            if (parsed.GetValue(Read) is { } address)
            {
                await DashboardReaders.RunAsync(new Uri(address), parsed.GetValue(Pages));
                return;
            }

            using var laboratory = new Laboratory();
            var text = new StringBuilder();
            if (parsed.GetValue(Events) > 0)
            {
#if BROWSER
                text.Append(await DashboardDelay.MeasureAsync(parsed.GetValue(Events)));
#else
                text.Append("## How late it is\n\nNot measured: built without Playwright.\n\n");
#endif
            }

            text.Append(await DashboardCost.AloneAsync(20));
            text.Append(DashboardCost.Pictures(parsed.GetValue(Model)!.FullName, parsed.GetValue(Text)!.FullName, parsed.GetValue(Samples), 3));
            text.Append(DashboardCost.Measure(parsed.GetValue(Model)!.FullName, parsed.GetValue(Text)!.FullName, parsed.GetValue(Samples), parsed.GetValue(Rounds)));
            ReportFile.Write(parsed.GetValue(Output), "The live page", laboratory, text.ToString());
        });
        return command;
    }

    /// <summary>The command line of a process that is some pages.</summary>
    /// <param name="address">Address of the server.</param>
    /// <param name="pages">How many.</param>
    public static string[] Readers(string address, int pages) =>
        ["exec", Environment.GetCommandLineArgs()[0], "dashboard", "--read", address, "--pages", pages.ToString(CultureInfo.InvariantCulture)];
}
