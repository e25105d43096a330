using MambaQuant.Pipeline.Planning;

namespace MambaQuant.Pipeline.Driving;

/// <summary>The stage that an item belongs to, as people see a run, and how much of it.</summary>
/// <param name="Stage">Name of the stage.</param>
/// <param name="Units">How much of the stage the item is; 0 where it is too little to count.</param>
/// <param name="Unit">What is counted, in the plural.</param>
internal readonly record struct StageShare(string Stage, long Units, string Unit)
{
    /// <summary>The share of an item.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="item">Its item.</param>
    public static StageShare Of(WorkPlan plan, WorkItem item)
    {
        bool isEnd = item.First >= plan.Grid.Layers;
        return item.Kind switch
        {
            WorkKind.Tokenize when plan.Request.Calibration.IsSelf => new(Stages.SampleSelf, Tokens(plan, item), "tokens"),
            WorkKind.Tokenize => new(Stages.Prepare, 0, "steps"),
            WorkKind.ObserveOriginal => new(Stages.ObserveOriginal, item.Count * Tokens(plan, item), "tokens"),

            // What is made along with the pass before is no work of its own.
            WorkKind.ObserveRanges or WorkKind.ObserveMoments => new(Stages.ObserveOriginal, 0, "tokens"),
            WorkKind.ReduceOriginal or WorkKind.ReduceRanges or WorkKind.ReduceMoments => new(Stages.ObserveOriginal, 0, "tokens"),
            WorkKind.ResidualRotation => new(Stages.ResidualRotation, 1, "rotations"),
            WorkKind.ObserveRotated or WorkKind.ReduceRotated => new(Stages.SearchSmoothing, 0, "layers"),
            WorkKind.SearchSmoothing => new(Stages.SearchSmoothing, 1, "layers"),
            WorkKind.Transform when plan.Needs is { Smooths: true, Searches: false } => new(Stages.SearchSmoothing, 1, "layers"),
            WorkKind.Transform when plan.Needs.Searches => new(Stages.SearchSmoothing, 0, "layers"),
            WorkKind.Transform => new(Stages.ObserveTransformed, 0, "tokens"),
            WorkKind.ObserveTransformed => new(Stages.ObserveTransformed, isEnd ? 0 : item.Count * Tokens(plan, item), "tokens"),
            WorkKind.ReduceTransformed => new(Stages.ObserveTransformed, 0, "tokens"),
            WorkKind.Quantize => new(Stages.Quantize, isEnd ? 0 : 1, "layers"),
            WorkKind.TokenizeEvaluation => new(plan.Request.Evaluation!.ComparesWithFloat ? Stages.EvaluateFloat : Stages.Evaluate, 0, "tokens"),
            WorkKind.ReduceEvaluation => new(Stages.Evaluate, 0, "tokens"),
            WorkKind.EvaluateFloat => new(Stages.EvaluateFloat, plan.Evaluation!.TokensOf(item.Shard), "tokens"),
            WorkKind.Evaluate => new(Stages.Evaluate, plan.Evaluation!.TokensOf(item.Shard), "tokens"),
            _ => new(Stages.Assemble, 1, "checkpoints"),
        };
    }

    private static long Tokens(WorkPlan plan, WorkItem item) =>
        (item.Shard < 0 ? plan.Request.Calibration.Samples : plan.Grid.Shard(item.Shard).Count) * (long)plan.Request.Calibration.SequenceLength;
}
