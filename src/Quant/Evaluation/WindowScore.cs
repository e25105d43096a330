namespace MambaQuant.Quant.Evaluation;

/// <summary>What a model scored in one window: sums over its tokens but the first, in fp64, in the order of the text.</summary>
/// <param name="Tokens">Tokens of the window, at least 1.</param>
/// <param name="Loss">Sum of the negative log-likelihoods, in nats.</param>
/// <param name="Divergence">Sum of KL(reference ‖ model), in nats; 0 without a reference.</param>
/// <param name="Agreements">Tokens for which both models prefer the same successor; 0 without a reference.</param>
public readonly record struct WindowScore(int Tokens, double Loss, double Divergence, long Agreements)
{
    /// <summary>Tokens that were scored: all but the first.</summary>
    public long Scored => Tokens - 1;

    /// <summary>Mean negative log-likelihood over windows, in nats; 0 where nothing was scored.</summary>
    /// <param name="windows">The windows in the order of the text.</param>
    internal static double Nll(IEnumerable<WindowScore> windows)
    {
        double loss = 0;
        long scored = 0;
        foreach (WindowScore window in windows)
        {
            loss += window.Loss;
            scored += window.Scored;
        }

        return scored == 0 ? 0 : loss / scored;
    }
}
