using MambaQuant.Quant.Datasets;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Rotations;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Method;

/// <summary>The residual stream of all calibration sequences at one layer, in batches that advance together.</summary>
/// <remarks>
/// Holds 4 · tokens · d_model bytes. A block runs over so many tokens at once only; what it makes inside is several times larger.
/// A sequence that is longer than that goes through in pieces, and the recurrent state is carried from one to the next. The split
/// changes no bit: rows do not see each other, the state is carried exactly, and pieces are whole blocks of the second moments' sums.
/// </remarks>
public sealed class HiddenStates : IDisposable
{
    private const int TokensPerBatch = 2048;

    private readonly List<Tensor> _batches;
    private readonly int _tokensAtOnce;

    private HiddenStates(List<Tensor> batches, int tokensAtOnce)
    {
        _batches = batches;
        _tokensAtOnce = tokensAtOnce;
    }

    /// <summary>The batches, [B, L, d] F32 each, in the order of the sequences.</summary>
    public IReadOnlyList<Tensor> Batches => _batches;

    /// <summary>Tokens of the longest sequences that fit: a tensor and an array hold 2³¹−1 values at most.</summary>
    /// <param name="width">d_model.</param>
    /// <param name="together">Sequences that are held in one tensor, as those of a smoothing search are.</param>
    public static int LongestSequence(int width, int together = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(together, 1);
        return (int)(Array.MaxLength / ((long)width * together));
    }

    /// <summary>Sequences in every batch but the last, for a length: the same for a pass that begins here as for one that began earlier.</summary>
    /// <param name="length">Tokens of a sequence.</param>
    /// <param name="tokensPerBatch">Tokens that advance together.</param>
    internal static int SequencesPerBatch(int length, int tokensPerBatch = TokensPerBatch) => Math.Max(1, tokensPerBatch / length);

    /// <summary>Takes batches as they came from elsewhere.</summary>
    /// <param name="batches">[B, L, d] F32 each; owned from now on.</param>
    internal static HiddenStates Of(List<Tensor> batches) => new(batches, TokensPerBatch);

    /// <summary>Embeds the sequences.</summary>
    /// <param name="kernels">The backend.</param>
    /// <param name="table">[V, d] F32.</param>
    /// <param name="calibration">The sequences.</param>
    /// <param name="tokensPerBatch">
    /// Tokens that advance together: as many whole sequences as they hold, or a piece of one. At least 1; a multiple of 256 where
    /// second moments are to be the same bits as without pieces.
    /// </param>
    /// <exception cref="ArgumentException">The sequences are longer than <see cref="LongestSequence"/>.</exception>
    public static HiddenStates Embed(IKernels kernels, Tensor table, CalibrationSet calibration, int tokensPerBatch = TokensPerBatch)
    {
        ArgumentNullException.ThrowIfNull(kernels);
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(calibration);
        ArgumentOutOfRangeException.ThrowIfLessThan(tokensPerBatch, 1);
        int length = calibration.SequenceLength;
        EnsureFits(length, table.Shape.Columns, together: 1);
        int perBatch = SequencesPerBatch(length, tokensPerBatch);
        var batches = new List<Tensor>();
        foreach (int[][] sequences in calibration.Sequences.Chunk(perBatch))
        {
            using Tensor rows = kernels.GatherRows(table, sequences.SelectMany(sequence => sequence).ToArray());
            using Tensor shaped = kernels.Reshape(rows, new Shape(sequences.Length, length, rows.Shape.Columns));
            batches.Add(kernels.Clone(shaped));
        }

        return new HiddenStates(batches, tokensPerBatch);
    }

    /// <summary>Takes the residual stream of windows of which some, such as the last of a text, may be shorter than the others.</summary>
    /// <param name="kernels">The backend.</param>
    /// <param name="windows">Token ids, a window each, none empty; neighbours of one length advance together.</param>
    /// <param name="rows">The stream, [count, d] F32, of some tokens, told by the place of the first among all, and by their ids; disposed here.</param>
    /// <param name="tokensPerBatch">Tokens that advance together, as in <see cref="Embed(IKernels, Tensor, CalibrationSet, int)"/>.</param>
    /// <returns>The windows in order, as many to a batch as its first dimension says.</returns>
    /// <exception cref="ArgumentException">A window is longer than <see cref="LongestSequence"/>.</exception>
    public static HiddenStates OfWindows(
        IKernels kernels, IReadOnlyList<ReadOnlyMemory<int>> windows, Func<int, int[], Tensor> rows, int tokensPerBatch = TokensPerBatch)
    {
        ArgumentNullException.ThrowIfNull(kernels);
        ArgumentNullException.ThrowIfNull(windows);
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentOutOfRangeException.ThrowIfLessThan(tokensPerBatch, 1);
        var hidden = new HiddenStates([], tokensPerBatch);
        bool isWhole = false;
        try
        {
            int place = 0;
            for (int first = 0, count; first < windows.Count; first += count)
            {
                int length = windows[first].Length;
                count = 1;
                while (count < SequencesPerBatch(length, tokensPerBatch) && first + count < windows.Count && windows[first + count].Length == length)
                {
                    count++;
                }

                int[] tokens = [.. windows.Skip(first).Take(count).SelectMany(window => window.ToArray())];
                using Tensor batch = rows(place, tokens);
                EnsureFits(length, batch.Shape.Columns, together: 1);
                using Tensor shaped = kernels.Reshape(batch, new Shape(count, length, batch.Shape.Columns));
                hidden._batches.Add(kernels.Clone(shaped));
                place += tokens.Length;
            }

            isWhole = true;
            return hidden;
        }
        finally
        {
            if (!isWhole)
            {
                hidden.Dispose();
            }
        }
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
    /// <exception cref="ArgumentException">So many sequences of this length do not fit an array.</exception>
    public float[] CopyFirst(IKernels kernels, int count)
    {
        ArgumentNullException.ThrowIfNull(kernels);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        int length = _batches[0].Shape[1], width = _batches[0].Shape[2];
        EnsureFits(length, width, count);
        int perSequence = checked(length * width);
        var values = new float[checked(count * perSequence)];
        int copied = 0;
        foreach (Tensor batch in _batches)
        {
            int take = Math.Min(batch.Shape[0], count - copied);
            using Tensor view = kernels.Rows(batch, 0, take);
            kernels.Download(view, values.AsSpan(checked(copied * perSequence), checked(take * perSequence)));
            copied += take;
        }

        return values;
    }

    /// <summary>Runs a block over all sequences, each from the reset state.</summary>
    /// <param name="kernels">The backend.</param>
    /// <param name="block">The block.</param>
    /// <param name="observer">Looks on, and is told which batch and token it sees; null for nobody.</param>
    /// <param name="advanced">Hears, before each piece of work and at the end, how many tokens of all sequences are done.</param>
    /// <param name="cancellation">Ends it between two pieces of work; the sequences are of no use then.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public void Advance(IKernels kernels, MambaBlock block, LayerObserver? observer, Action<long> advanced, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(advanced);
        ForEachPiece(kernels, block, observer, advanced, (piece, state) => block.Forward(kernels, piece, state, observer), cancellation);
    }

    /// <summary>Runs a block over all sequences without advancing them.</summary>
    /// <param name="kernels">The backend.</param>
    /// <param name="block">The block.</param>
    /// <param name="observer">Looks on, and is told which batch and token it sees.</param>
    /// <param name="cancellation">Ends it between two pieces of work.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public void Visit(IKernels kernels, MambaBlock block, LayerObserver observer, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(observer);
        ForEachPiece(kernels, block, observer, _ => { }, (piece, state) => block.Change(kernels, piece, state, observer).Dispose(), cancellation);
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
        using Tensor shaped = kernels.Reshape(mapped, sequences.Shape);
        return kernels.Clone(shaped);
    }

    private static void EnsureFits(int length, int width, int together)
    {
        if (length > LongestSequence(width, together))
        {
            throw new ArgumentException(
                $"{together} sequence(s) of {length} tokens by {width} channels: expected at most {LongestSequence(width, together)} tokens each, "
                + "which is what one tensor holds. Calibrate on more and shorter sequences.");
        }
    }

    private void ForEachPiece(
        IKernels kernels, MambaBlock block, LayerObserver? observer, Action<long> advanced, Action<Tensor, BlockState> run, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(kernels);
        ArgumentNullException.ThrowIfNull(block);
        long done = 0;
        for (int i = 0; i < _batches.Count; i++)
        {
            using BlockState state = BlockState.Zero(kernels, block.Config, _batches[i].Shape[0]);
            int length = _batches[i].Shape[1];

            // A batch of several sequences is never longer than what may run at once, so only a single one is cut.
            int piece = _batches[i].Shape[0] == 1 ? _tokensAtOnce : length;
            for (int first = 0; first < length; first += piece)
            {
                cancellation.ThrowIfCancellationRequested();
                advanced(done);
                if (observer is not null)
                {
                    observer.Shard = i;
                    observer.FirstToken = first;
                }

                using Tensor tokens = Piece(kernels, _batches[i], first, Math.Min(piece, length - first));
                run(tokens, state);
                done += tokens.Shape.Rows;
            }
        }

        advanced(done);
    }

    /// <summary>A view of some tokens of a batch: all of them, or a piece of its only sequence.</summary>
    private static Tensor Piece(IKernels kernels, Tensor batch, int first, int count)
    {
        if (count == batch.Shape[1])
        {
            return kernels.Reshape(batch, batch.Shape);
        }

        using Tensor tokens = kernels.Reshape(batch, new Shape(batch.Shape[1], batch.Shape[2]));
        using Tensor piece = kernels.Rows(tokens, first, count);
        return kernels.Reshape(piece, new Shape(1, count, batch.Shape[2]));
    }
}
