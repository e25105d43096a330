using MambaQuant.Pipeline.Planning;

namespace MambaQuant.Client.Planning;

/// <summary>A job that was planned from a command line.</summary>
/// <param name="Plan">The plan; its keys are not those of a run, since no file was read.</param>
/// <param name="Note">What people should know of the model; empty where there is nothing.</param>
internal sealed record PlannedJob(WorkPlan Plan, string Note)
{
    /// <summary>Layers between two progress checkpoints of a pass's items; 0 where they write none.</summary>
    public int CheckpointLayers
    {
        get
        {
            (WorkGrid grid, PlanRequest request) = (Plan.Grid, Plan.Request);
            long tokens = (long)grid.Shard(0).Count * request.Calibration.SequenceLength;
            return ProgressRule.LayersBetween(request.Model.Config, tokens, grid.Block(0).Count);
        }
    }
}
