using System.Text.RegularExpressions;

namespace MambaQuant.Telemetry.Tests.Dashboards;

/// <summary>What a query of Prometheus names: metrics with the labels that it asks of them, and labels that it groups by.</summary>
/// <param name="Selectors">Metrics, each with the labels in its braces.</param>
/// <param name="Grouped">Labels behind "by".</param>
internal sealed partial record PromQl(IReadOnlyList<(string Metric, string[] Labels)> Selectors, IReadOnlyList<string> Grouped)
{
    private static readonly string[] Functions = ["sum", "max", "rate", "increase", "histogram_quantile", "label_values"];

    /// <summary>Reads a query. Every metric stands before braces, as a rule of ours: whatever else it names must be known.</summary>
    /// <param name="query">The query.</param>
    /// <exception cref="FormatException">It names something that is neither metric, label nor function.</exception>
    public static PromQl Read(string query)
    {
        List<(string, string[])> selectors = [];
        List<string> grouped = [];
        string rest = Range().Replace(query, " ");
        rest = Selector().Replace(rest, match =>
        {
            selectors.Add((match.Groups[1].Value, [.. Matcher().Matches(match.Groups[2].Value).Select(label => label.Groups[1].Value)]));
            return " ";
        });
        rest = By().Replace(rest, match =>
        {
            grouped.AddRange(match.Groups[1].Value.Split(',', StringSplitOptions.TrimEntries));
            return " ";
        });
        string? stranger = Word().Matches(rest).Select(match => match.Value).FirstOrDefault(word => !Functions.Contains(word));
        return stranger is null ? new PromQl(selectors, grouped) : throw new FormatException($"'{stranger}' in '{query}'");
    }

    [GeneratedRegex(@"\[[^\]]*\]")]
    private static partial Regex Range();

    [GeneratedRegex(@"([a-zA-Z_:][a-zA-Z0-9_:]*)\{([^}]*)\}")]
    private static partial Regex Selector();

    [GeneratedRegex(@"([a-zA-Z_]\w*)\s*(?:=~|!~|!=|=)\s*""[^""]*""")]
    private static partial Regex Matcher();

    [GeneratedRegex(@"\bby\s*\(([^)]*)\)")]
    private static partial Regex By();

    [GeneratedRegex(@"[a-zA-Z_]\w*")]
    private static partial Regex Word();
}
