using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Evaluation;

/// <summary>Measures perplexity, and how far a model is from a reference.</summary>
/// <remarks>
/// Protocol: that of <see cref="WindowScorer"/>; windows are added up in the order of the text, and the mean is over tokens. What runs
/// together changes no bit, so batch size, row chunks and threads do not change the result.
/// </remarks>
public sealed class Evaluator
{
    private readonly IKernels _kernels;
    private readonly MambaLanguageModel _model;
    private readonly MambaLanguageModel? _reference;
    private readonly EvaluationOptions _options;
    private readonly TimeProvider _time;
    private readonly WindowScorer _scorer;
    private readonly List<WindowScore> _scores = [];
    private TimeSpan _elapsed;

    private Evaluator(IKernels kernels, MambaLanguageModel model, MambaLanguageModel? reference, EvaluationOptions options, TimeProvider time)
    {
        _kernels = kernels;
        _model = model;
        _reference = reference;
        _options = options;
        _time = time;
        _scorer = new WindowScorer(kernels, model.Config.VocabularySize, options.MaxLogits, time);
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

            Score([.. windows.Skip(first).Take(batch)], first);
            first += batch;
            done += (long)batch * windows[first - 1].Length;
            progress?.Report(new EvaluationProgress(done, total, WindowScore.Nll(_scores)));
        }

        return new EvaluationResult(EvaluationScores.Of(_scores, _reference is not null))
        {
            TokensPerSecond = total / (_elapsed + _scorer.Elapsed).TotalSeconds,
        };
    }

    /// <summary>Runs windows of one length L together and scores them.</summary>
    private void Score(ReadOnlyMemory<int>[] windows, int first)
    {
        int[] tokens = [.. windows.SelectMany(window => window.ToArray())];
        long start = _time.GetTimestamp();
        using Tensor hidden = Hidden(_model, tokens, windows.Length);
        _elapsed += _time.GetElapsedTime(start);
        using Tensor? referenceHidden = _reference is null ? null : Hidden(_reference, tokens, windows.Length);
        _scores.AddRange(_scorer.Score(
            windows,
            first,
            (row, count) => Logits(_model, hidden, row, count),
            referenceHidden is null ? null : (row, count) => Logits(_reference!, referenceHidden, row, count)));
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
