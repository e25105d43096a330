using System.Collections.Immutable;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Simulation;

namespace MambaQuant.Client.Planning;

/// <summary>Items of one kind that follow each other on the critical path.</summary>
/// <param name="Kind">Their kind.</param>
/// <param name="Count">How many.</param>
/// <param name="Seconds">What they take together.</param>
internal sealed record PathStep(WorkKind Kind, int Count, double Seconds)
{
    /// <summary>The critical path of a graph.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="options">The cluster that times are told for.</param>
    public static ImmutableArray<PathStep> Of(WorkGraph graph, SimulationOptions options)
    {
        ArgumentNullException.ThrowIfNull(graph);
        List<PathStep> steps = [];
        foreach (WorkItem item in CriticalPath.Of(graph, item => ClusterSimulator.LeastSeconds(item, options)))
        {
            double seconds = ClusterSimulator.LeastSeconds(item, options);
            if (steps is [.., var last] && last.Kind == item.Kind)
            {
                steps[^1] = last with { Count = last.Count + 1, Seconds = last.Seconds + seconds };
            }
            else
            {
                steps.Add(new PathStep(item.Kind, 1, seconds));
            }
        }

        return [.. steps];
    }

    /// <summary>A path for people.</summary>
    /// <param name="steps">The steps.</param>
    public static string Text(IEnumerable<PathStep> steps) =>
        string.Join(" → ", steps.Select(step => $"{step.Kind}{(step.Count > 1 ? $" × {step.Count}" : "")} {RateText.Time(step.Seconds)}"));
}
