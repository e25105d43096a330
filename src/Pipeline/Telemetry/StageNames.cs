using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;

namespace MambaQuant.Pipeline.Telemetry;

/// <summary>Values of attributes, made once: measuring makes no strings.</summary>
internal static class StageNames
{
    private static readonly string[] Kinds = [.. Enum.GetNames<WorkKind>().Select(TelemetryNames.Lower)];
    private static readonly string[] States = [.. Enum.GetNames<ItemStatus>().Select(TelemetryNames.Lower)];
    private static readonly string[] Reasons = [.. Enum.GetNames<ReturnReason>().Select(TelemetryNames.Lower)];

    /// <summary>The stage of a kind of item.</summary>
    /// <param name="kind">The kind.</param>
    public static string Of(WorkKind kind) => Kinds[(int)kind];

    /// <summary>How an item stands.</summary>
    /// <param name="status">The status.</param>
    public static string Of(ItemStatus status) => States[(int)status];

    /// <summary>Why an attempt ended without a result.</summary>
    /// <param name="reason">The reason.</param>
    public static string Of(ReturnReason reason) => Reasons[(int)reason];
}
