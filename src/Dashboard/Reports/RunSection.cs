using System.Globalization;
using MambaQuant.Dashboard.Drawing;

namespace MambaQuant.Dashboard.Reports;

/// <summary>How it was made, how long that took, and the commands that make it again.</summary>
internal static class RunSection
{
    /// <summary>Writes the section.</summary>
    /// <param name="page">The page.</param>
    /// <param name="files">The checkpoint.</param>
    /// <param name="facts">What does not stand in the folder.</param>
    public static void Write(Markup page, CheckpointFiles files, ReportFacts facts)
    {
        PageFrame.Section(page, "How it was made", section =>
        {
            RunRecord run = files.Run;
            string[] sentences =
            [
                .. run.Program.Length > 0 ? [run.Program] : (string[])[],
                .. run.Machine is { } machine ? [$"{machine.Processors} processors, {machine.Workers} {(machine.Workers == 1 ? "worker" : "workers")}"] : (string[])[],
                .. run.PeakBytes is { } peak ? [$"at most {Figures.Megabytes(peak)} of memory"] : (string[])[],
                .. run.Profile.Length > 0 ? [$"numerics {run.Profile}"] : (string[])[],
                $"seed {run.Seed.ToString(CultureInfo.InvariantCulture)}",
            ];
            section.Text("p", string.Join(" · ", sentences));
            if (!run.Stages.IsEmpty)
            {
                section.Group("div", "panels", panels => new BarList(
                    $"Stages (seconds), {Figures.Duration(run.Stages.Sum(stage => stage.Seconds))} in all; stages may overlap",
                    [.. run.Stages.Select(stage => (stage.Stage, stage.Seconds, Figures.Duration(stage.Seconds), "after"))]).Write(panels));
            }
        });
        PageFrame.Section(page, "Make it again", section =>
        {
            section.Text("p", "With the recipe.yaml that lies beside this page; names are as they were typed. The same inputs and numerics give the same bytes.");
            section.Element("pre", null, commands => commands.Write(string.Join('\n', Reproduction.Commands(files, facts))));
            if (files.Recipe is { } recipe)
            {
                section.Element("details", null, details => details.Text("summary", "The recipe, every default written out").Element("pre", null, text => text.Write(recipe.Text)));
            }
        });
    }
}
