using MambaQuant.Quant.Datasets;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Rotations;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Method;

/// <summary>The residual stream of all calibration sequences at one layer, in batches that advance together.</summary>
/// <remarks>Holds 4 · tokens · d_model bytes. The split into batches changes no bit: rows do not see each other.</remarks>
public sealed class HiddenStates : IDisposable
{
    private const int TokensPerBatch = 2048;

    private readonly List<Tensor> _batches;

    private HiddenStates(List<Tensor> batches)
    {
        _batches = batches;
    }

    /// <summary>The batches, [B, L, d] F32 each, in the order of the sequences.</summary>
    public IReadOnlyList<Tensor> Batches => _batches;

    /// <summary>Embeds the sequences.</summary>
    /// <param name="kernels">The backend.</param>
    /// <param name="table">[V, d] F32.</param>
    /// <param name="calibration">The sequences.</param>
    /// <param name="tokensPerBatch">Tokens that advance together, rounded down to whole sequences, at least one.</param>
    public static HiddenStates Embed(IKernels kernels, Tensor table, CalibrationSet calibration, int tokensPerBatch = TokensPerBatch)
    {
        ArgumentNullException.ThrowIfNull(kernels);
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(calibration);
        int length = calibration.SequenceLength;
        int perBatch = Math.Max(1, tokensPerBatch / length);
        var batches = new List<Tensor>();
        foreach (int[][] sequences in calibration.Sequences.Chunk(perBatch))
        {
            using Tensor rows = kernels.GatherRows(table, sequences.SelectMany(sequence => sequence).ToArray());
            Tensor batch = kernels.Allocate(DType.F32, new Shape(sequences.Length, length, rows.Shape.Columns));
            kernels.Copy(rows, batch);
            batches.Add(batch);
        }

        return new HiddenStates(batches);
    }

    /// <summary>The residual stream before the first layer of a float model.</summary>
    /// <param name="context">Backend and model.</param>
    /// <param name="calibration">The sequences.</param>
    /// <param name="ends">The rotation of the stream; null for none.</param>
    public static HiddenStates Embed(MethodContext context, CalibrationSet calibration, EndsFolder? ends = null)
    {
        ArgumentNullException.ThrowIfNull(context);
        using Tensor table = context.Checkpoint.LoadEmbeddings(context.Kernels);
        HiddenStates hidden = Embed(context.Kernels, table, calibration);
        if (ends is not null)
        {
            hidden.Transform(context.Kernels, ends.Embeddings);
        }

        return hidden;
    }

    /// <summary>Replaces every batch by a function of its rows (a rotation of the stream).</summary>
    /// <param name="kernels">The backend.</param>
    /// <param name="function">From [rows, d] F32 to a new tensor of the same shape.</param>
    public void Transform(IKernels kernels, Func<Tensor, Tensor> function)
    {
        ArgumentNullException.ThrowIfNull(kernels);
        ArgumentNullException.ThrowIfNull(function);
        for (int i = 0; i < _batches.Count; i++)
        {
            using Tensor batch = _batches[i];
            _batches[i] = Map(kernels, batch, function);
        }
    }

    /// <summary>Sequences of the residual stream in the basis of its rotation.</summary>
    /// <param name="kernels">The backend.</param>
    /// <param name="sequences">[B, L, d] F32; owned from now on.</param>
    /// <param name="ends">The rotation; null leaves them as they are.</param>
    /// <returns>[B, L, d] F32; the caller disposes it.</returns>
    public static Tensor Rotate(IKernels kernels, Tensor sequences, EndsFolder? ends)
    {
        ArgumentNullException.ThrowIfNull(kernels);
        ArgumentNullException.ThrowIfNull(sequences);
        if (ends is null)
        {
            return sequences;
        }

        using (sequences)
        {
            return Map(kernels, sequences, ends.Embeddings);
        }
    }

    /// <summary>The first sequences, [count, L, d] F32, copied.</summary>
    /// <param name="kernels">The backend.</param>
    /// <param name="count">How many; at most as many as there are.</param>
    public float[] CopyFirst(IKernels kernels, int count)
    {
        ArgumentNullException.ThrowIfNull(kernels);
        int perSequence = _batches[0].Shape[1] * _batches[0].Shape[2];
        var values = new float[checked(count * perSequence)];
        int copied = 0;
        foreach (Tensor batch in _batches)
        {
            int take = Math.Min(batch.Shape[0], count - copied);
            using Tensor view = kernels.Rows(batch, 0, take);
            kernels.Download(view, values.AsSpan(copied * perSequence, take * perSequence));
            copied += take;
        }

        return values;
    }

    /// <summary>Runs a block over all sequences, each from the reset state.</summary>
    /// <param name="kernels">The backend.</param>
    /// <param name="block">The block.</param>
    /// <param name="observer">Looks on; null for nobody.</param>
    /// <param name="beforeBatch">Called with the batch's index before each batch.</param>
    public void Advance(IKernels kernels, MambaBlock block, IActivationObserver? observer, Action<int> beforeBatch)
    {
        ArgumentNullException.ThrowIfNull(kernels);
        ArgumentNullException.ThrowIfNull(block);
        ArgumentNullException.ThrowIfNull(beforeBatch);
        for (int i = 0; i < _batches.Count; i++)
        {
            beforeBatch(i);
            using BlockState state = BlockState.Zero(kernels, block.Config, _batches[i].Shape[0]);
            block.Forward(kernels, _batches[i], state, observer);
        }
    }

    /// <summary>Runs a block over all sequences without advancing them.</summary>
    /// <param name="kernels">The backend.</param>
    /// <param name="block">The block.</param>
    /// <param name="observer">Looks on.</param>
    public void Visit(IKernels kernels, MambaBlock block, LayerObserver observer)
    {
        ArgumentNullException.ThrowIfNull(kernels);
        ArgumentNullException.ThrowIfNull(block);
        ArgumentNullException.ThrowIfNull(observer);
        for (int i = 0; i < _batches.Count; i++)
        {
            observer.Shard = i;
            using BlockState state = BlockState.Zero(kernels, block.Config, _batches[i].Shape[0]);
            block.Change(kernels, _batches[i], state, observer).Dispose();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Tensor batch in _batches)
        {
            batch.Dispose();
        }
    }

    private static Tensor Map(IKernels kernels, Tensor sequences, Func<Tensor, Tensor> function)
    {
        using Tensor rows = kernels.Reshape(sequences, new Shape(sequences.Shape.Rows, sequences.Shape.Columns));
        using Tensor mapped = function(rows);
        Tensor result = kernels.Allocate(DType.F32, sequences.Shape);
        kernels.Copy(mapped, result);
        return result;
    }
}
