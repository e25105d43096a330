namespace MambaQuant.Quant.Smoothing;

/// <summary>The factor s of every channel at a smoothing site.</summary>
/// <remarks>
/// s_c = a_c^α / w_c^(1−α), a = largest activation magnitude, w = largest weight magnitude of channel c on the consumer's side;
/// then divided by the geometric mean of all s, which changes nothing that scales cannot absorb and keeps numbers near 1.
/// Activations are divided by s and weights multiplied, so α = 1 equalises the activations and α = 0 the weights.
/// A channel whose activation or weight is zero throughout carries nothing and gets the neutral factor.
/// Source: SmoothQuant, arXiv 2211.10438, equation 4; α = 0.5 is MambaQuant's fixed choice.
/// </remarks>
public static class SmoothingFactors
{
    /// <summary>Computes the factors.</summary>
    /// <param name="activations">a, largest magnitude per channel, finite and not negative.</param>
    /// <param name="weights">w, largest magnitude per channel, as many.</param>
    /// <param name="alpha">Migration strength, 0 to 1.</param>
    /// <returns>s, positive and finite, geometric mean 1.</returns>
    /// <exception cref="ArgumentException">The lengths differ, or a magnitude is negative or not finite.</exception>
    /// <exception cref="ArgumentOutOfRangeException">α lies outside 0 to 1.</exception>
    public static double[] Compute(ReadOnlySpan<float> activations, ReadOnlySpan<float> weights, double alpha)
    {
        if (alpha is not (>= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(alpha), alpha, "expected a migration strength of 0 to 1");
        }

        if (activations.Length != weights.Length)
        {
            throw new ArgumentException($"{activations.Length} activation channels do not match {weights.Length} weight channels", nameof(weights));
        }

        var logs = new double[activations.Length];
        double sum = 0;
        int live = 0;
        for (int c = 0; c < logs.Length; c++)
        {
            float a = activations[c], w = weights[c];
            if (!float.IsFinite(a) || !float.IsFinite(w) || a < 0 || w < 0)
            {
                throw new ArgumentException($"channel {c}: magnitudes {a} and {w} are not finite and non-negative", nameof(activations));
            }

            if (a == 0 || w == 0)
            {
                logs[c] = double.NaN;
                continue;
            }

            logs[c] = alpha * Math.Log(a) - (1 - alpha) * Math.Log(w);
            sum += logs[c];
            live++;
        }

        double mean = live == 0 ? 0 : sum / live;
        var factors = new double[logs.Length];
        for (int c = 0; c < logs.Length; c++)
        {
            factors[c] = double.IsNaN(logs[c]) ? 1 : Math.Exp(logs[c] - mean);
        }

        return factors;
    }
}
