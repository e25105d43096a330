using MambaQuant.Quant.Datasets;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Method;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Tensors;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Quant.Tests.Method;

public sealed class HiddenStatesTests : IDisposable
{
    private const int Length = 6;

    private readonly TemporaryDirectory _model = new();
    private readonly OpaqueKernels _kernels = new();
    private readonly CalibrationSet _calibration = new(
        [.. Enumerable.Range(0, 5).Select(i => Enumerable.Range(0, Length).Select(j => ((7 * i) + (3 * j)) % 40).ToArray())], "made up");

    public HiddenStatesTests()
    {
        new SyntheticMamba { Config = new SyntheticMamba().Config with { VocabularySize = 40, DModel = 12 } }.Write(_model.Path);
    }

    public void Dispose()
    {
        _kernels.Dispose();
        _model.Dispose();
    }

    [Theory]
    [InlineData(1, new[] { 1, 1, 1, 1, 1 })]
    [InlineData((2 * Length) + 1, new[] { 2, 2, 1 })]
    [InlineData(2048, new[] { 5 })]
    public void Batches_HoldWholeSequencesInOrder(int tokensPerBatch, int[] expected)
    {
        using MambaCheckpoint checkpoint = MambaCheckpoint.Open(_model.Path);
        using HiddenStates hidden = Embed(checkpoint, tokensPerBatch);
        Assert.Equal(expected, hidden.Batches.Select(batch => batch.Shape[0]));
        Assert.All(hidden.Batches, batch => Assert.Equal(new Shape(batch.Shape[0], Length, 12), batch.Shape));
    }

    [Fact]
    public void Batching_ChangesNoBit()
    {
        float[] whole = Advance(2048);
        Assert.Equal(whole, Advance(1));
        Assert.Equal(whole, Advance(2 * Length));
        Assert.Empty(_kernels.LiveTensors);
    }

    [Fact]
    public void CopyFirst_CrossesBatches()
    {
        using MambaCheckpoint checkpoint = MambaCheckpoint.Open(_model.Path);
        using HiddenStates hidden = Embed(checkpoint, 2 * Length);
        float[] all = hidden.CopyFirst(_kernels, 5);
        Assert.Equal(all[..(3 * Length * 12)], hidden.CopyFirst(_kernels, 3));
        using Tensor table = checkpoint.LoadEmbeddings(_kernels);
        float[] rows = Download(table);
        int token = _calibration.Sequences[4][1];
        Assert.Equal(rows[(token * 12)..((token + 1) * 12)], all[(((4 * Length) + 1) * 12)..(((4 * Length) + 2) * 12)]);
    }

    [Fact]
    public void Transform_ReplacesEveryBatch()
    {
        using MambaCheckpoint checkpoint = MambaCheckpoint.Open(_model.Path);
        using HiddenStates hidden = Embed(checkpoint, 2 * Length);
        float[] before = hidden.CopyFirst(_kernels, 5);
        hidden.Transform(_kernels, rows =>
        {
            Tensor twice = _kernels.Allocate(DType.F32, rows.Shape);
            _kernels.Add(twice, rows);
            _kernels.Add(twice, rows);
            return twice;
        });
        Assert.Equal(before.Select(value => 2 * value), hidden.CopyFirst(_kernels, 5));
        Assert.All(hidden.Batches, batch => Assert.Equal(3, batch.Shape.Rank));
    }

    private HiddenStates Embed(MambaCheckpoint checkpoint, int tokensPerBatch)
    {
        using Tensor table = checkpoint.LoadEmbeddings(_kernels);
        return HiddenStates.Embed(_kernels, table, _calibration, tokensPerBatch);
    }

    private float[] Advance(int tokensPerBatch)
    {
        using MambaCheckpoint checkpoint = MambaCheckpoint.Open(_model.Path);
        using HiddenStates hidden = Embed(checkpoint, tokensPerBatch);
        for (int layer = 0; layer < checkpoint.Config.LayerCount; layer++)
        {
            using MambaBlock block = FloatBlock.Build(_kernels, checkpoint.Config, checkpoint.LoadLayer(_kernels, layer), OnlineTransforms.None);
            hidden.Advance(_kernels, block, observer: null, _ => { });
        }

        return hidden.CopyFirst(_kernels, 5);
    }

    private float[] Download(Tensor tensor)
    {
        var values = new float[tensor.Shape.ElementCount];
        _kernels.Download(tensor, values.AsSpan());
        return values;
    }
}
