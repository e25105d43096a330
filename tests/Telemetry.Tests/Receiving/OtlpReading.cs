using System.Globalization;

namespace MambaQuant.Telemetry.Tests.Receiving;

/// <summary>Reads what OTLP carries. The numbers of fields are those of opentelemetry-proto.</summary>
internal static class OtlpReading
{
    /// <summary>Reads an export of metrics.</summary>
    /// <param name="request">The message.</param>
    public static IEnumerable<ReceivedMetric> Metrics(byte[] request) =>
        from resource in ProtoFields.Read(request).Messages(1)
        let described = Resource(resource)
        from scope in resource.Messages(2)
        from metric in scope.Messages(2)
        select Metric(described, scope.Messages(1).Single().Text(1), metric);

    /// <summary>Reads an export of spans.</summary>
    /// <param name="request">The message.</param>
    public static IEnumerable<ReceivedSpan> Spans(byte[] request) =>
        from resource in ProtoFields.Read(request).Messages(1)
        let described = Resource(resource)
        from scope in resource.Messages(2)
        from span in scope.Messages(2)
        let status = span.Messages(15).SingleOrDefault()
        select new ReceivedSpan(
            described["service.name"],
            described["service.instance.id"],
            Convert.ToHexStringLower(span.Bytes(1)),
            Convert.ToHexStringLower(span.Bytes(2)),
            Convert.ToHexStringLower(span.Bytes(4)),
            span.Text(5),
            Attributes(span, 9),
            status?.Number(3) == 2,
            status?.Text(2) ?? string.Empty)
        {
            Links = [.. span.Messages(13).Select(link => (Convert.ToHexStringLower(link.Bytes(1)), Convert.ToHexStringLower(link.Bytes(2))))],
        };

    /// <summary>Reads an export of log records.</summary>
    /// <param name="request">The message.</param>
    public static IEnumerable<ReceivedLog> Logs(byte[] request) =>
        from resource in ProtoFields.Read(request).Messages(1)
        let described = Resource(resource)
        from scope in resource.Messages(2)
        from record in scope.Messages(2)
        select new ReceivedLog(
            described["service.name"],
            described["service.instance.id"],
            scope.Messages(1).Single().Text(1),
            record.Text(12),
            record.Text(3),
            Value(record.Messages(5).Single()),
            Attributes(record, 6),
            Convert.ToHexStringLower(record.Bytes(9)));

    private static Dictionary<string, string> Resource(ProtoFields resource) => Attributes(resource.Messages(1).Single(), 1);

    private static ReceivedMetric Metric(Dictionary<string, string> resource, string meter, ProtoFields metric)
    {
        const int Gauge = 5, Sum = 7, Histogram = 9, DataPoints = 1, IsMonotonic = 3;
        int kind = new[] { Gauge, Sum, Histogram }.Single(metric.Has);
        ProtoFields data = metric.Messages(kind).Single();
        string name = kind switch
        {
            Gauge => "gauge",
            Histogram => "histogram",
            _ => data.Number(IsMonotonic) == 1 ? "counter" : "updowncounter",
        };
        return new ReceivedMetric(
            resource["service.name"],
            resource["service.instance.id"],
            meter,
            metric.Text(1),
            metric.Text(3),
            name,
            [.. data.Messages(DataPoints).Select(point => kind == Histogram
                ? ((IReadOnlyDictionary<string, string>)Attributes(point, 9), point.Real(5), point.Number(4))
                : (Attributes(point, 7), point.Has(4) ? point.Real(4) : point.Number(6), 1))]);
    }

    private static Dictionary<string, string> Attributes(ProtoFields owner, int number) =>
        owner.Messages(number).ToDictionary(pair => pair.Text(1), pair => pair.Messages(2).Select(Value).SingleOrDefault(string.Empty), StringComparer.Ordinal);

    private static string Value(ProtoFields value) => value.Fields switch
    {
        [{ Number: 2, Bits: var bits }] => bits == 1 ? "true" : "false",
        [{ Number: 3, Bits: var bits }] => ((long)bits).ToString(CultureInfo.InvariantCulture),
        [{ Number: 4 }] => value.Real(4).ToString("R", CultureInfo.InvariantCulture),
        _ => value.Text(1),
    };
}
