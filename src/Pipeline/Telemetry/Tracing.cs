using System.Diagnostics;

namespace MambaQuant.Pipeline.Telemetry;

/// <summary>Spans inside an item, and how spans are named to other processes.</summary>
public static class Tracing
{
    /// <summary>Begins a call of the command line.</summary>
    /// <param name="verb">The verb.</param>
    /// <returns>To be disposed at its end; null where nobody listens.</returns>
    public static Activity? Command(string verb) =>
        PipelineInstruments.Spanning.StartActivity($"{TelemetryNames.CommandSpan} {verb}")?.SetTag(TelemetryNames.Command, verb);

    /// <summary>Begins a group of kernels of the item that runs here.</summary>
    /// <param name="name">One of <see cref="KernelGroups"/>.</param>
    /// <param name="layer">The layer; −1 for none.</param>
    /// <returns>To be disposed at its end; null where nobody listens, or no item runs here.</returns>
    public static Activity? Group(string name, int layer = -1)
    {
        Activity? span = InItem ? PipelineInstruments.Spanning.StartActivity(name) : null;
        if (span is { IsAllDataRequested: true })
        {
            Place(span, layer, shard: -1);
        }

        return span;
    }

    /// <summary>A span as other processes are told of it, by the W3C's rules.</summary>
    /// <param name="context">The span; default for none.</param>
    /// <returns>Null for none.</returns>
    public static string? Write(ActivityContext context) =>
        context == default ? null : $"00-{context.TraceId.ToHexString()}-{context.SpanId.ToHexString()}-{(context.TraceFlags.HasFlag(ActivityTraceFlags.Recorded) ? "01" : "00")}";

    /// <summary>A span of another process.</summary>
    /// <param name="text">What <see cref="Write"/> gave there; anything else is no span.</param>
    public static ActivityContext Read(string? text) => ActivityContext.TryParse(text, traceState: null, isRemote: true, out ActivityContext context) ? context : default;

    /// <summary>Whether a span of this program is running here, below which others make sense. What is done for a whole job, as its journal, has none.</summary>
    internal static bool InItem => PipelineInstruments.Spanning.HasListeners()
        && Activity.Current is { } current && current.Source == PipelineInstruments.Spanning && current.OperationName != TelemetryNames.JobSpan;

    /// <summary>Starts a span that is nobody's surroundings.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="parent">What it is a part of; default for none.</param>
    internal static Activity? StartApart(string name, ActivityContext parent)
    {
        Activity? before = Activity.Current;
        Activity.Current = null;
        Activity? span = PipelineInstruments.Spanning.StartActivity(name, ActivityKind.Internal, parent);
        Activity.Current = before;
        return span;
    }

    /// <summary>Notes layer and shard of a span, where it has any.</summary>
    internal static void Place(Activity span, int layer, int shard)
    {
        if (layer >= 0)
        {
            span.SetTag(TelemetryNames.Layer, layer);
        }

        if (shard >= 0)
        {
            span.SetTag(TelemetryNames.Shard, shard);
        }
    }
}
