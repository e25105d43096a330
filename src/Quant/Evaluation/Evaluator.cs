using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Evaluation;

/// <summary>Measures perplexity, and how far a model is from a reference.</summary>
/// <remarks>
/// Protocol: the state is reset for every window, all tokens of a window but its first are scored, the mean is over tokens.
/// Sums are taken in fp64 in the order of the text, and a row's logits do not depend on what else is in the batch, so batch size,
/// row chunks and threads do not change a bit of the result.
/// </remarks>
public sealed class Evaluator
{
    private readonly IKernels _kernels;
    private readonly MambaLanguageModel _model;
    private readonly MambaLanguageModel? _reference;
    private readonly EvaluationOptions _options;
    private readonly TimeProvider _time;
    private readonly ScoreSums _sums = new();
    private TimeSpan _elapsed;

    private Evaluator(IKernels kernels, MambaLanguageModel model, MambaLanguageModel? reference, EvaluationOptions options, TimeProvider time)
    {
        _kernels = kernels;
        _model = model;
        _reference = reference;
        _options = options;
        _time = time;
    }

    /// <summary>Evaluates a model.</summary>
    /// <param name="kernels">The backend of both models.</param>
    /// <param name="model">The model.</param>
    /// <param name="windows">Token ids, a window each; of at least one token.</param>
    /// <param name="time">Measures the speed.</param>
    /// <param name="reference">The model to compare with, of the same vocabulary; null for none.</param>
    /// <param name="options">Options; null for the defaults.</param>
    /// <param name="progress">Told after every batch; null for nobody.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <exception cref="ArgumentException">Nothing could be scored, a window is empty, or the vocabularies differ.</exception>
    /// <exception cref="NumericalException">A loss is not finite; names window and token.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static EvaluationResult Evaluate(
        IKernels kernels,
        MambaLanguageModel model,
        IReadOnlyList<ReadOnlyMemory<int>> windows,
        TimeProvider time,
        MambaLanguageModel? reference = null,
        EvaluationOptions? options = null,
        IProgress<EvaluationProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(kernels);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(windows);
        ArgumentNullException.ThrowIfNull(time);
        options ??= new EvaluationOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(options.BatchSize, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxLogits, 1, nameof(options));
        if (windows.Any(window => window.IsEmpty) || windows.All(window => window.Length < 2))
        {
            throw new ArgumentException("expected windows without an empty one, and at least one of two tokens: nothing could be scored", nameof(windows));
        }

        if (reference is not null && reference.Config.VocabularySize != model.Config.VocabularySize)
        {
            throw new ArgumentException(
                $"the reference has {reference.Config.VocabularySize} words, the model {model.Config.VocabularySize}: their distributions cannot be compared", nameof(reference));
        }

        return new Evaluator(kernels, model, reference, options, time).Run(windows, progress, cancellation);
    }

    private EvaluationResult Run(IReadOnlyList<ReadOnlyMemory<int>> windows, IProgress<EvaluationProgress>? progress, CancellationToken cancellation)
    {
        long total = windows.Sum(window => (long)window.Length);
        long done = 0;
        for (int first = 0; first < windows.Count;)
        {
            cancellation.ThrowIfCancellationRequested();
            int batch = 1;
            while (batch < _options.BatchSize && first + batch < windows.Count && windows[first + batch].Length == windows[first].Length)
            {
                batch++;
            }

            Score(windows, first, batch);
            first += batch;
            done += (long)batch * windows[first - 1].Length;
            progress?.Report(new EvaluationProgress(done, total, _sums.Nll));
        }

        return new EvaluationResult
        {
            Perplexity = Math.Exp(_sums.Nll),
            Nll = _sums.Nll,
            Tokens = total,
            Scored = _sums.Scored,
            Windows = windows.Count,
            TokensPerSecond = total / _elapsed.TotalSeconds,
            KlMean = _reference is null ? null : _sums.KlMean,
            Top1Agreement = _reference is null ? null : _sums.Top1Agreement,
        };
    }

    /// <summary>Runs a batch of windows of one length L and adds up their scores.</summary>
    private void Score(IReadOnlyList<ReadOnlyMemory<int>> windows, int first, int batch)
    {
        int length = windows[first].Length;
        var tokens = new int[checked(batch * length)];
        var targets = new int[tokens.Length];
        for (int i = 0; i < batch; i++)
        {
            ReadOnlySpan<int> window = windows[first + i].Span;
            window.CopyTo(tokens.AsSpan(i * length));

            // The logits at a token judge the next one; the last token of a window has none.
            window[1..].CopyTo(targets.AsSpan(i * length));
            targets[((i + 1) * length) - 1] = -1;
        }

        long start = _time.GetTimestamp();
        using Tensor hidden = Hidden(_model, tokens, batch);
        _elapsed += _time.GetElapsedTime(start);
        using Tensor? referenceHidden = _reference is null ? null : Hidden(_reference, tokens, batch);
        int step = Math.Max(1, _options.MaxLogits / _model.Config.VocabularySize);
        for (int row = 0; row < tokens.Length; row += step)
        {
            int count = Math.Min(step, tokens.Length - row);
            ScoreRows(hidden, referenceHidden, row, targets.AsSpan(row, count), at => $"window {first + (at / length)}, token {at % length}");
        }
    }

    private void ScoreRows(Tensor hidden, Tensor? referenceHidden, int row, ReadOnlySpan<int> targets, Func<int, string> where)
    {
        long start = _time.GetTimestamp();
        using Tensor logits = Logits(_model, hidden, row, targets.Length);
        var losses = new double[targets.Length];
        _kernels.CrossEntropy(logits, targets, losses);
        _elapsed += _time.GetElapsedTime(start);
        for (int i = 0; i < targets.Length; i++)
        {
            if (!double.IsFinite(losses[i]))
            {
                throw new NumericalException($"{where(row + i)}: the loss is {losses[i]}, expected a finite one. The model gives non-finite logits; check it with: mambaquant inspect");
            }
        }

        double[]? divergences = null;
        bool[]? agreements = null;
        if (referenceHidden is not null)
        {
            divergences = new double[targets.Length];
            agreements = new bool[targets.Length];
            using Tensor referenceLogits = Logits(_reference!, referenceHidden, row, targets.Length);
            _kernels.CompareDistributions(referenceLogits, logits, divergences, agreements);
        }

        for (int i = 0; i < targets.Length; i++)
        {
            if (targets[i] >= 0)
            {
                _sums.Add(losses[i], divergences?[i] ?? 0, agreements?[i] ?? false);
            }
        }
    }

    private Tensor Hidden(MambaLanguageModel model, ReadOnlySpan<int> tokens, int batch)
    {
        using ModelState state = ModelState.Zero(_kernels, model.Config, batch);
        return model.Hidden(_kernels, tokens, batch, state);
    }

    private Tensor Logits(MambaLanguageModel model, Tensor hidden, int row, int count)
    {
        using Tensor matrix = _kernels.Reshape(hidden, new Shape(hidden.Shape.Rows, hidden.Shape.Columns));
        using Tensor rows = _kernels.Rows(matrix, row, count);
        return model.HeadLogits(_kernels, rows);
    }
}
