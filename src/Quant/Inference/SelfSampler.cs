using MambaQuant.Quant.Datasets;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Inference;

/// <summary>Samples calibration sequences from a model itself, so that no data set is needed.</summary>
/// <remarks>
/// Each sequence begins with the end-of-text token and goes on with tokens drawn at temperature 1; an end-of-text token on the way
/// begins another text, as in training. Sequences are decoded side by side, each with random numbers of its own (stream = index),
/// so how many run at once changes nothing.
/// </remarks>
public static class SelfSampler
{
    private const long MaxStateBytes = 256L << 20;

    private static readonly SamplingOptions _plain = new();

    /// <summary>Samples sequences.</summary>
    /// <param name="kernels">The backend of the model.</param>
    /// <param name="model">The float model.</param>
    /// <param name="samples">Number of sequences, at least 1.</param>
    /// <param name="sequenceLength">Tokens per sequence, at least 1.</param>
    /// <param name="seed">Seed of the choices.</param>
    /// <param name="progress">Told the number of tokens made, after every step; null for nobody.</param>
    /// <param name="cancellation">Stops between steps.</param>
    /// <remarks>Cost: samples · sequenceLength tokens of decoding.</remarks>
    /// <exception cref="ArgumentException">The model names no end-of-text token.</exception>
    /// <exception cref="NumericalException">A logit is not finite.</exception>
    public static CalibrationSet Sample(
        IKernels kernels,
        MambaLanguageModel model,
        int samples,
        int sequenceLength,
        ulong seed,
        IProgress<long>? progress = null,
        CancellationToken cancellation = default) => SamplePart(kernels, model, 0, samples, sequenceLength, seed, progress, cancellation);

    /// <summary>Samples a part of the sequences that <see cref="Sample(IKernels, MambaLanguageModel, int, int, ulong, IProgress{long}?, CancellationToken)"/> samples.</summary>
    /// <param name="kernels">The backend of the model.</param>
    /// <param name="model">The float model.</param>
    /// <param name="first">Index of the part's first sequence.</param>
    /// <param name="samples">Sequences of the part, at least 1.</param>
    /// <param name="sequenceLength">Tokens per sequence, at least 1.</param>
    /// <param name="seed">Seed of the choices.</param>
    /// <param name="progress">Told the number of tokens made, after every step; null for nobody.</param>
    /// <param name="cancellation">Stops between steps.</param>
    /// <exception cref="ArgumentException">The model names no end-of-text token.</exception>
    /// <exception cref="NumericalException">A logit is not finite.</exception>
    public static CalibrationSet SamplePart(
        IKernels kernels,
        MambaLanguageModel model,
        int first,
        int samples,
        int sequenceLength,
        ulong seed,
        IProgress<long>? progress,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        MambaConfig config = model.Config;
        long stateBytes = 4L * config.LayerCount * config.DInner * (config.DState + config.DConv - 1);
        int batch = (int)Math.Clamp(MaxStateBytes / Math.Max(1, stateBytes), 1, Math.Max(1, samples));
        return Sample(kernels, model, first, samples, sequenceLength, seed, batch, progress, cancellation);
    }

    /// <summary>As the public method, with so many sequences at once.</summary>
    internal static CalibrationSet Sample(
        IKernels kernels,
        MambaLanguageModel model,
        int firstStream,
        int samples,
        int sequenceLength,
        ulong seed,
        int batch,
        IProgress<long>? progress,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(kernels);
        ArgumentOutOfRangeException.ThrowIfLessThan(samples, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(sequenceLength, 1);
        int begin = model.Config.FirstToken();
        var sequences = new int[samples][];
        long done = 0;
        for (int first = 0; first < samples; first += batch)
        {
            int count = Math.Min(batch, samples - first);
            for (int i = first; i < first + count; i++)
            {
                sequences[i] = new int[sequenceLength];
                sequences[i][0] = begin;
            }

            Decode(kernels, model, sequences.AsMemory(first, count), seed, checked(firstStream + first), step => progress?.Report(done + ((long)step * count)), cancellation);
            done += (long)count * sequenceLength;
        }

        progress?.Report(done);
        return new CalibrationSet(sequences, "self");
    }

    private static void Decode(
        IKernels kernels, MambaLanguageModel model, Memory<int[]> sequences, ulong seed, int firstStream, Action<int> afterStep, CancellationToken cancellation)
    {
        int batch = sequences.Length;
        int vocabulary = model.Config.VocabularySize;
        SeededRandom[] random = [.. Enumerable.Range(firstStream, batch).Select(stream => new SeededRandom(seed, (ulong)stream))];
        var tokens = new int[batch];
        var logits = new float[checked(batch * vocabulary)];
        using ModelState state = ModelState.Zero(kernels, model.Config, batch);
        for (int position = 1; position < sequences.Span[0].Length; position++)
        {
            cancellation.ThrowIfCancellationRequested();
            for (int i = 0; i < batch; i++)
            {
                tokens[i] = sequences.Span[i][position - 1];
            }

            using (Tensor values = model.Logits(kernels, tokens, batch, state))
            {
                EnsureFinite(kernels, values, position, vocabulary);
                kernels.Download(values, logits.AsSpan());
            }

            int at = position;
            Parallel.For(0, batch, i =>
                sequences.Span[i][at] = TokenSampler.Choose(logits.AsSpan(i * vocabulary, vocabulary), _plain, random[i]));
            afterStep(position);
        }
    }

    private static void EnsureFinite(IKernels kernels, Tensor logits, int position, int vocabulary)
    {
        long bad = kernels.FindNonFinite(logits);
        if (bad >= 0)
        {
            throw new NumericalException(
                $"sampling, position {position}: the logit of token {bad % vocabulary} is not finite; the model is damaged or diverged");
        }
    }
}
