using MambaQuant.Quant.Datasets;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Method;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Statistics;
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

    [Fact]
    public void LongSequence_RunsInPiecesWithTheSameBits()
    {
        using MambaCheckpoint checkpoint = MambaCheckpoint.Open(_model.Path);
        CalibrationSet one = Sequences(count: 2, length: 700);
        (float[] Hidden, LayerStatistics Statistics) whole = ObserveFirstLayer(checkpoint, one, tokensPerBatch: 700);
        (float[] Hidden, LayerStatistics Statistics) pieces = ObserveFirstLayer(checkpoint, one, tokensPerBatch: 256);

        Assert.Equal(whole.Hidden, pieces.Hidden);
        Assert.Equal(Bytes(whole.Statistics), Bytes(pieces.Statistics));
        Assert.Empty(_kernels.LiveTensors);
    }

    [Fact]
    public void LongSequence_NeverRunsAsAWhole()
    {
        using MambaCheckpoint checkpoint = MambaCheckpoint.Open(_model.Path);
        using HiddenStates hidden = Embed(checkpoint, 4);
        using MambaBlock block = Block(checkpoint);
        var heard = new List<long>();
        hidden.Advance(_kernels, block, observer: null, heard.Add, CancellationToken.None);

        // Five sequences of six tokens, four and two tokens at a time.
        Assert.Equal([0L, 4, 6, 10, 12, 16, 18, 22, 24, 28, 30], heard);
    }

    [Fact]
    public void NonFiniteValue_IsNamedByItsPlaceInTheWholeSequence()
    {
        using MambaCheckpoint checkpoint = MambaCheckpoint.Open(_model.Path);
        using HiddenStates hidden = Embed(checkpoint, 4);
        using MambaBlock block = Block(checkpoint);
        using (Tensor sequence = _kernels.Reshape(hidden.Batches[3], new Shape(Length, 12)))
        using (Tensor token = _kernels.Rows(sequence, 5, 1))
        using (Tensor broken = _kernels.Upload<float>([.. Enumerable.Repeat(float.NaN, 12)], new Shape(1, 12)))
        {
            _kernels.Copy(broken, token);
        }

        using var observer = new LayerObserver(_kernels, Plan, layer: 0, checkpoint.Config);
        NonFiniteActivationException error = Assert.Throws<NonFiniteActivationException>(
            () => hidden.Visit(_kernels, block, observer, CancellationToken.None));
        Assert.Equal((3, 0, 5), (error.Shard, error.Sequence, error.Token));
    }

    [Fact]
    public void Cancellation_IsHeededBetweenPieces()
    {
        using MambaCheckpoint checkpoint = MambaCheckpoint.Open(_model.Path);
        using HiddenStates hidden = Embed(checkpoint, 4);
        using MambaBlock block = Block(checkpoint);
        using var stop = new CancellationTokenSource();
        using var observer = new LayerObserver(_kernels, Plan, layer: 0, checkpoint.Config);
        long last = 0;
        Assert.Throws<OperationCanceledException>(() => hidden.Advance(_kernels, block, observer, Stop, stop.Token));
        Assert.Equal(4, last);
        Assert.Throws<OperationCanceledException>(() => hidden.Visit(_kernels, block, observer, stop.Token));

        void Stop(long done)
        {
            last = done;
            if (done > 0)
            {
                stop.Cancel();
            }
        }
    }

    [Fact]
    public void SequenceThatFitsNoTensor_IsRefusedWithWhatFits()
    {
        Assert.Equal(838_860, HiddenStates.LongestSequence(2560));
        Assert.Equal(104_857, HiddenStates.LongestSequence(2560, together: 8));

        // A table of no rows has the width that matters; nothing of the size in question is allocated.
        using Tensor table = _kernels.Allocate(DType.F32, new Shape(0, 1_000_000_000));
        ArgumentException error = Assert.Throws<ArgumentException>(() => HiddenStates.Embed(_kernels, table, Sequences(count: 1, length: 3)));
        Assert.Contains("3 tokens by 1000000000 channels: expected at most 2 tokens", error.Message, StringComparison.Ordinal);
    }

    private static ObservationPlan Plan => new()
    {
        Ranges = [ActivationSite.ResidualStream, ActivationSite.ConvInput, ActivationSite.XProjInput],
        Histograms = [ActivationSite.ConvInput],
        SecondMoments = [ActivationSite.ResidualStream],
        State = true,
        StateHistogram = true,
    };

    private static CalibrationSet Sequences(int count, int length) => new(
        [.. Enumerable.Range(0, count).Select(i => Enumerable.Range(0, length).Select(j => ((7 * i) + (j * j) + (3 * j)) % 40).ToArray())], "made up");

    private (float[] Hidden, LayerStatistics Statistics) ObserveFirstLayer(MambaCheckpoint checkpoint, CalibrationSet calibration, int tokensPerBatch)
    {
        using Tensor table = checkpoint.LoadEmbeddings(_kernels);
        using HiddenStates hidden = HiddenStates.Embed(_kernels, table, calibration, tokensPerBatch);
        using MambaBlock block = Block(checkpoint);
        using var observer = new LayerObserver(_kernels, Plan, layer: 0, checkpoint.Config);
        hidden.Advance(_kernels, block, observer, _ => { }, CancellationToken.None);
        return (hidden.CopyFirst(_kernels, calibration.Sequences.Count), observer.ToStatistics());
    }

    private byte[] Bytes(LayerStatistics statistics)
    {
        string path = _model.File("statistics.safetensors");
        statistics.Write(path);
        return File.ReadAllBytes(path);
    }

    private MambaBlock Block(MambaCheckpoint checkpoint, int layer = 0) =>
        FloatBlock.Build(_kernels, checkpoint.Config, checkpoint.LoadLayer(_kernels, layer), OnlineTransforms.None);

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
            using MambaBlock block = Block(checkpoint, layer);
            hidden.Advance(_kernels, block, observer: null, _ => { }, CancellationToken.None);
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
