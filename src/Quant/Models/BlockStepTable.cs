namespace MambaQuant.Quant.Models;

/// <summary>Which steps of a Mamba-1 block compute something else once a weight has changed.</summary>
internal static class BlockStepTable
{
    /// <summary>The step, or the two halves of in_proj, that read what a fold changes.</summary>
    /// <param name="fold">Which rows or columns of which weight.</param>
    /// <param name="config">The model's dimensions.</param>
    /// <remarks>What a smoothing site leaves for run time (the vector of S-SiLU, online rotations) stands in the steps that its folds name.</remarks>
    /// <exception cref="ArgumentException">A block has no such weight.</exception>
    public static BlockSteps StepsReading(FoldStep fold, MambaConfig config) => fold.Tensor switch
    {
        MambaTensors.Norm => BlockSteps.Normalize,
        MambaTensors.InProj or MambaTensors.InProjBias => HalvesOf(fold, config.DInner),
        MambaTensors.Conv or MambaTensors.ConvBias => BlockSteps.States,
        MambaTensors.XProj or MambaTensors.DtProj or MambaTensors.DtProjBias or MambaTensors.ALog or MambaTensors.D => BlockSteps.Scan,
        MambaTensors.OutProj or MambaTensors.OutProjBias => BlockSteps.Output,
        _ => throw new ArgumentException($"a block has no weight '{fold.Tensor}'", nameof(fold)),
    };

    /// <summary>The given steps and all that read what they compute.</summary>
    /// <param name="steps">Steps that changed.</param>
    public static BlockSteps WithReaders(BlockSteps steps)
    {
        if (steps.HasFlag(BlockSteps.Normalize))
        {
            steps |= BlockSteps.States | BlockSteps.Gate;
        }

        if (steps.HasFlag(BlockSteps.States))
        {
            steps |= BlockSteps.Scan;
        }

        return steps == BlockSteps.None ? steps : steps | BlockSteps.Output;
    }

    private static BlockSteps HalvesOf(FoldStep fold, int half)
    {
        bool isFirst = fold.Axis == FoldAxis.Columns || fold.First < half;
        bool isSecond = fold.Axis == FoldAxis.Columns || fold.First + fold.Count > half;
        return (isFirst ? BlockSteps.States : BlockSteps.None) | (isSecond ? BlockSteps.Gate : BlockSteps.None);
    }
}
