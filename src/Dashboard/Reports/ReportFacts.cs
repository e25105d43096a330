using System.Collections.Immutable;

namespace MambaQuant.Dashboard.Reports;

/// <summary>What a report tells that does not stand in the checkpoint: words that the user typed.</summary>
public sealed record ReportFacts
{
    /// <summary>The float model as it was named; null where that is not known.</summary>
    public string? Model { get; init; }

    /// <summary>The calibration text as it was named; null for the name in the manifest.</summary>
    public string? Calibration { get; init; }

    /// <summary>The evaluation text as it was named; null for the name in evaluation.json.</summary>
    public string? EvaluationText { get; init; }

    /// <summary>Other options that decided bytes, such as "--shards", "4".</summary>
    public ImmutableArray<string> Options { get; init; } = [];

    /// <summary>Folders of the checkpoints that the same call made, this one among them.</summary>
    public ImmutableArray<string> Call { get; init; } = [];

    /// <summary>These facts, and of others what these do not say.</summary>
    /// <param name="kept">Facts of an earlier report.</param>
    internal ReportFacts Over(ReportFacts kept) => new()
    {
        Model = Model ?? kept.Model,
        Calibration = Calibration ?? kept.Calibration,
        EvaluationText = EvaluationText ?? kept.EvaluationText,
        Options = Options.IsEmpty ? kept.Options : Options,
        Call = Call.IsEmpty ? kept.Call : Call,
    };
}
