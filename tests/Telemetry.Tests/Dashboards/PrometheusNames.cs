namespace MambaQuant.Telemetry.Tests.Dashboards;

/// <summary>How metrics are called in Prometheus, by the rules that collectors and Prometheus itself follow.</summary>
internal static class PrometheusNames
{
    /// <summary>The names of a metric.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="unit">Its unit.</param>
    /// <param name="kind">"counter", "updowncounter", "gauge" or "histogram".</param>
    public static IEnumerable<string> Of(string name, string unit, string kind)
    {
        string suffix = unit switch
        {
            "" => "",
            "1" => kind == "gauge" ? "_ratio" : "",
            "s" => "_seconds",
            "ms" => "_milliseconds",
            "By" => "_bytes",
            ['{', .., '}'] => "",
            _ => "_" + Clean(unit),
        };
        string full = Clean(name) + (Clean(name).EndsWith(suffix, StringComparison.Ordinal) ? "" : suffix);
        return kind switch
        {
            "counter" => [full + "_total"],
            "histogram" => [full + "_bucket", full + "_sum", full + "_count"],
            _ => [full],
        };
    }

    /// <summary>A name with nothing in it that Prometheus does not take.</summary>
    /// <param name="name">The name.</param>
    public static string Clean(string name) => string.Concat(name.Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '_'));
}
