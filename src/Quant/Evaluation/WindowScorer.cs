using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Evaluation;

/// <summary>Scores windows from logits: the protocol of every evaluation.</summary>
/// <remarks>
/// The state was reset before each window; all its tokens but the first are scored, each by the logits at the token before it. Sums are
/// taken in fp64, per window, in the order of its tokens. A row's logits do not depend on what else is computed with them, so neither
/// the cut into rows, nor which windows are scored together, nor threads change a bit.
/// </remarks>
/// <param name="kernels">The backend of the logits.</param>
/// <param name="vocabularySize">Words of the vocabulary.</param>
/// <param name="maxLogits">Logits of one model held at once, at least 1; one row is always held.</param>
/// <param name="time">Measures <see cref="Elapsed"/>; null for nobody who wants it.</param>
public sealed class WindowScorer(IKernels kernels, int vocabularySize, int maxLogits, TimeProvider? time = null)
{
    /// <summary>Time spent on the model's logits and losses, the reference excluded.</summary>
    public TimeSpan Elapsed { get; private set; }

    /// <summary>Scores windows that lie one behind the other.</summary>
    /// <param name="windows">Token ids, a window each, none empty.</param>
    /// <param name="first">Number of the first window, for messages.</param>
    /// <param name="logits">The model's logits, [count, V] F32, of so many tokens from one on, counted over all these windows; disposed here.</param>
    /// <param name="reference">The same of the model to compare with; null for none.</param>
    /// <returns>A score per window.</returns>
    /// <exception cref="NumericalException">A loss is not finite; names window and token.</exception>
    public WindowScore[] Score(
        IReadOnlyList<ReadOnlyMemory<int>> windows, int first, Func<int, int, Tensor> logits, Func<int, int, Tensor>? reference)
    {
        ArgumentNullException.ThrowIfNull(windows);
        ArgumentNullException.ThrowIfNull(logits);
        int[] targets = Targets(windows);
        var scores = new WindowScore[windows.Count];
        int window = 0, token = 0;
        int step = Math.Max(1, maxLogits / vocabularySize);
        for (int row = 0; row < targets.Length; row += step)
        {
            Span<int> wanted = targets.AsSpan(row, Math.Min(step, targets.Length - row));
            (double[] losses, double[] divergences, bool[] agreements) = Rows(row, wanted, logits, reference);
            for (int i = 0; i < wanted.Length; i++)
            {
                WindowScore sum = scores[window];
                bool isScored = wanted[i] >= 0;
                if (!double.IsFinite(losses[i]))
                {
                    throw new NumericalException(
                        $"window {first + window}, token {token}: the loss is {losses[i]}, expected a finite one. The model gives non-finite logits; check it with: mambaquant inspect");
                }

                scores[window] = isScored
                    ? new WindowScore(sum.Tokens + 1, sum.Loss + losses[i], sum.Divergence + divergences[i], sum.Agreements + (agreements[i] ? 1 : 0))
                    : sum with { Tokens = sum.Tokens + 1 };
                (window, token) = isScored ? (window, token + 1) : (window + 1, 0);
            }
        }

        return scores;
    }

    /// <summary>The token that the logits at each token are judged by: the next one; none at the last of a window.</summary>
    private static int[] Targets(IReadOnlyList<ReadOnlyMemory<int>> windows)
    {
        var targets = new int[checked((int)windows.Sum(window => (long)window.Length))];
        int place = 0;
        foreach (ReadOnlyMemory<int> window in windows)
        {
            window.Span[1..].CopyTo(targets.AsSpan(place));
            place += window.Length;
            targets[place - 1] = -1;
        }

        return targets;
    }

    private (double[] Losses, double[] Divergences, bool[] Agreements) Rows(
        int row, ReadOnlySpan<int> targets, Func<int, int, Tensor> logits, Func<int, int, Tensor>? reference)
    {
        var losses = new double[targets.Length];
        var divergences = new double[targets.Length];
        var agreements = new bool[targets.Length];
        long start = time?.GetTimestamp() ?? 0;
        using Tensor own = logits(row, targets.Length);
        kernels.CrossEntropy(own, targets, losses);
        Elapsed += time?.GetElapsedTime(start) ?? TimeSpan.Zero;
        if (reference is not null)
        {
            using Tensor other = reference(row, targets.Length);
            kernels.CompareDistributions(other, own, divergences, agreements);
        }

        return (losses, divergences, agreements);
    }
}
