using System.Text.Json;
using System.Text.RegularExpressions;
using MambaQuant.Testing;

namespace MambaQuant.Telemetry.Tests.Dashboards;

/// <summary>A dashboard of deploy/grafana.</summary>
/// <param name="File">Its file.</param>
/// <param name="Root">Its content.</param>
internal sealed partial record GrafanaDashboard(string File, JsonElement Root)
{
    private static readonly string[] Places = ["job", "instance", "le"];

    /// <summary>All of them.</summary>
    public static IReadOnlyList<GrafanaDashboard> All { get; } =
    [
        .. Directory.EnumerateFiles(Repository.Path("deploy/grafana"), "*.json").Order(StringComparer.Ordinal)
            .Select(path => new GrafanaDashboard(Path.GetFileName(path), JsonDocument.Parse(System.IO.File.ReadAllBytes(path)).RootElement)),
    ];

    /// <summary>Its panels, without the headings of rows.</summary>
    public IEnumerable<JsonElement> Panels => Root.GetProperty("panels").EnumerateArray().Where(panel => panel.GetProperty("type").GetString() != "row");

    /// <summary>Its queries, those of variables included, each with the labels that its legend names.</summary>
    public IEnumerable<(string Query, string[] Legend)> Queries => Panels
        .SelectMany(panel => panel.GetProperty("targets").EnumerateArray())
        .Select(target => (target.GetProperty("expr").GetString()!, (string[])[.. Label().Matches(target.GetProperty("legendFormat").GetString()!).Select(match => match.Groups[1].Value)]))
        .Concat(Root.GetProperty("templating").GetProperty("list").EnumerateArray()
            .Where(variable => variable.GetProperty("type").GetString() == "query")
            .Select(variable => (variable.GetProperty("definition").GetString()!, Array.Empty<string>())));

    /// <summary>What is wrong with the queries, given what there is.</summary>
    /// <param name="known">Metrics by their names in Prometheus, each with its labels.</param>
    /// <param name="isJudged">Which metrics are looked at.</param>
    public IEnumerable<string> Problems(IReadOnlyDictionary<string, HashSet<string>> known, Func<string, bool> isJudged)
    {
        foreach ((string query, string[] legend) in Queries)
        {
            PromQl read = PromQl.Read(query.Replace("label_values(", "sum(", StringComparison.Ordinal) is var text && query.StartsWith("label_values", StringComparison.Ordinal) ? text[..text.LastIndexOf(',')] + ")" : query);
            foreach ((string metric, string[] labels) in read.Selectors.Where(selector => isJudged(selector.Metric)))
            {
                if (!known.TryGetValue(metric, out HashSet<string>? has))
                {
                    yield return $"{File}: nothing is called '{metric}' in '{query}'";
                    continue;
                }

                foreach (string label in labels.Concat(read.Grouped).Except(Places).Where(label => !has.Contains(label)))
                {
                    yield return $"{File}: '{metric}' has no label '{label}' in '{query}'";
                }
            }

            foreach (string label in legend.Except(read.Grouped).Except(Places))
            {
                yield return $"{File}: the legend names '{label}', by which '{query}' does not group";
            }
        }
    }

    [GeneratedRegex(@"\{\{\s*(\w+)\s*\}\}")]
    private static partial Regex Label();
}
