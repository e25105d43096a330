using MambaQuant.Quant.Datasets;
using MambaQuant.Quant.Kernels;

namespace MambaQuant.Quant.Inference;

/// <summary>Chooses a token from logits, in fp64 on the host; the same logits and random numbers give the same token.</summary>
internal static class TokenSampler
{
    /// <summary>Chooses a token.</summary>
    /// <param name="logits">[V], finite.</param>
    /// <param name="options">How, in range.</param>
    /// <param name="random">One number is drawn, none at temperature 0.</param>
    /// <exception cref="NumericalException">A logit is not finite.</exception>
    public static int Choose(ReadOnlySpan<float> logits, SamplingOptions options, SeededRandom random)
    {
        int best = MostLikely(logits);
        if (options.Temperature == 0)
        {
            return best;
        }

        bool takesAll = (options.TopK == 0 || options.TopK >= logits.Length) && options.TopP == 1;
        return takesAll
            ? Draw(Weights(logits, logits[best], options.Temperature), random)
            : ChooseAmongLikely(logits, best, options, random);
    }

    private static int ChooseAmongLikely(ReadOnlySpan<float> logits, int best, SamplingOptions options, SeededRandom random)
    {
        double[] weights = Weights(logits, logits[best], options.Temperature);
        var order = new int[weights.Length];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        // The most likely first, equals in the order of their ids, so that the choice is one of a fixed list.
        Array.Sort(order, (a, b) => weights[a] == weights[b] ? a.CompareTo(b) : weights[b].CompareTo(weights[a]));
        int kept = options.TopK == 0 ? order.Length : Math.Min(options.TopK, order.Length);
        double covered = 0;
        for (int i = 0; i < kept; i++)
        {
            covered += weights[order[i]];
        }

        double wanted = options.TopP * covered;
        var likely = new List<double>();
        double sum = 0;
        for (int i = 0; i < kept && (i == 0 || sum < wanted); i++)
        {
            likely.Add(weights[order[i]]);
            sum += weights[order[i]];
        }

        return order[Draw([.. likely], random)];
    }

    private static int MostLikely(ReadOnlySpan<float> logits)
    {
        int best = 0;
        for (int i = 0; i < logits.Length; i++)
        {
            if (!float.IsFinite(logits[i]))
            {
                throw new NumericalException($"the logit of token {i} is {logits[i]}, expected a finite number; the model is damaged or diverged");
            }

            if (logits[i] > logits[best])
            {
                best = i;
            }
        }

        return best;
    }

    /// <summary>e^((logit − largest) / temperature): probabilities but for their sum, the largest 1.</summary>
    private static double[] Weights(ReadOnlySpan<float> logits, float largest, double temperature)
    {
        var weights = new double[logits.Length];
        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] = Math.Exp(((double)logits[i] - largest) / temperature);
        }

        return weights;
    }

    /// <summary>Picks an index with a probability in proportion to its weight.</summary>
    private static int Draw(double[] weights, SeededRandom random)
    {
        double total = 0;
        foreach (double weight in weights)
        {
            total += weight;
        }

        double left = random.NextDouble() * total;
        int last = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            if (weights[i] > 0)
            {
                last = i;
                left -= weights[i];
                if (left < 0)
                {
                    return i;
                }
            }
        }

        // Rounding may leave a crumb behind the last weight.
        return last;
    }
}
