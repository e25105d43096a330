using MambaQuant.Quant.Models;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Quant.Tests.Models;

public sealed class BlockStepTableTests
{
    private static readonly MambaConfig _config = new SyntheticMamba().Config;

    [Fact]
    public void EveryFoldOfTheFamily_HasAStep()
    {
        ModelFamily family = MambaFamily.For(_config);
        Assert.All(
            family.Smoothings.SelectMany(site => site.Folds).Concat(family.Rotations.SelectMany(site => site.Folds)),
            fold => Assert.NotEqual(BlockSteps.None, BlockStepTable.StepsReading(fold, _config)));
    }

    [Fact]
    public void HalvesOfInProj_AreStepsOfTheirOwn()
    {
        int e = _config.DInner;
        Assert.Equal(BlockSteps.States, Steps(FoldAxis.Rows, 0, e));
        Assert.Equal(BlockSteps.Gate, Steps(FoldAxis.Rows, e, e));
        Assert.Equal(BlockSteps.States | BlockSteps.Gate, Steps(FoldAxis.Rows, e - 1, 2));
        Assert.Equal(BlockSteps.States | BlockSteps.Gate, Steps(FoldAxis.Columns, 0, _config.DModel));
    }

    [Fact]
    public void Changes_SpreadAlongTheDataFlow()
    {
        Assert.Equal(BlockSteps.None, BlockStepTable.WithReaders(BlockSteps.None));
        Assert.Equal(BlockSteps.Output, BlockStepTable.WithReaders(BlockSteps.Output));
        Assert.Equal(BlockSteps.Gate | BlockSteps.Output, BlockStepTable.WithReaders(BlockSteps.Gate));
        Assert.Equal(BlockSteps.Scan | BlockSteps.Output, BlockStepTable.WithReaders(BlockSteps.Scan));
        Assert.Equal(BlockSteps.States | BlockSteps.Scan | BlockSteps.Output, BlockStepTable.WithReaders(BlockSteps.States));
        Assert.Equal(BlockSteps.All, BlockStepTable.WithReaders(BlockSteps.Normalize));
    }

    [Fact]
    public void UnknownWeight_IsRefused() =>
        Assert.Throws<ArgumentException>(() => BlockStepTable.StepsReading(new FoldStep("mixer.other", FoldAxis.Rows, 0, 1), _config));

    private static BlockSteps Steps(FoldAxis axis, int first, int count) =>
        BlockStepTable.StepsReading(new FoldStep(MambaTensors.InProj, axis, first, count), _config);
}
