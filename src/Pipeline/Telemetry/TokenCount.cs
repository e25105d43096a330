using System.Diagnostics.Metrics;
using MambaQuant.Pipeline.Planning;

namespace MambaQuant.Pipeline.Telemetry;

/// <summary>Counts the tokens that run through one layer.</summary>
/// <param name="kind">The item's kind.</param>
internal sealed class TokenCount(WorkKind kind)
{
    private readonly Counter<long> _counter = kind is WorkKind.Evaluate or WorkKind.EvaluateFloat ? PipelineInstruments.EvaluationTokens : PipelineInstruments.CalibrationTokens;
    private readonly KeyValuePair<string, object?> _stage = PipelineInstruments.Tag(TelemetryNames.Stage, StageNames.Of(kind));
    private long _counted;

    /// <summary>So many tokens are through.</summary>
    /// <param name="done">Tokens since the layer began.</param>
    public void Reach(long done)
    {
        _counter.Add(done - _counted, _stage);
        _counted = done;
    }
}
