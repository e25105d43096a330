using MambaQuant.Quant.Models;

namespace MambaQuant.Testing;

/// <summary>Mamba-1 in fp64 with plain loops, straight from the paper: the reference that the forward pass is tested against.</summary>
/// <param name="config">The model's dimensions.</param>
/// <param name="weights">Values by the names of the checkpoint.</param>
public sealed class SlowMamba(MambaConfig config, IReadOnlyDictionary<string, float[]> weights)
{
    /// <summary>Logits of one sequence from a zero state, [L, V].</summary>
    /// <param name="tokens">L token ids.</param>
    public double[] Logits(ReadOnlySpan<int> tokens)
    {
        float[] norm = weights["backbone.norm_f.weight"];
        float[] head = config.TieEmbeddings ? weights["backbone.embeddings.weight"] : weights["lm_head.weight"];
        return [.. ResidualStream(tokens)[^1].SelectMany(row => Linear(head, null, Norm(row, norm)))];
    }

    /// <summary>What every norm divides by its root mean square, for one sequence from a zero state: the input of each layer, then of the final norm.</summary>
    /// <param name="tokens">L token ids.</param>
    /// <returns>[layers + 1][L][d].</returns>
    public double[][][] ResidualStream(ReadOnlySpan<int> tokens)
    {
        int d = config.DModel;
        float[] table = weights["backbone.embeddings.weight"];
        var residual = new double[tokens.Length][];
        for (int t = 0; t < residual.Length; t++)
        {
            residual[t] = [.. table.AsSpan(tokens[t] * d, d).ToArray().Select(value => (double)value)];
        }

        var inputs = new double[config.LayerCount + 1][][];
        for (int layer = 0; layer < config.LayerCount; layer++)
        {
            inputs[layer] = Array.ConvertAll(residual, row => (double[])row.Clone());
            AddBlock(layer, residual);
        }

        inputs[^1] = residual;
        return inputs;
    }

    private void AddBlock(int layer, double[][] residual)
    {
        int e = config.DInner, n = config.DState, r = config.DtRank, k = config.DConv;
        float[] Weight(string name) => weights[$"backbone.layers.{layer}.{name}"];
        float[]? Optional(string name) => weights.GetValueOrDefault($"backbone.layers.{layer}.{name}");
        float[] taps = Weight("mixer.conv1d.weight"), aLog = Weight("mixer.A_log"), skip = Weight("mixer.D");
        float[]? convBias = Optional("mixer.conv1d.bias");
        var h = new double[e * n];
        var inputs = new List<double[]>();
        foreach (double[] row in residual)
        {
            double[] xz = Linear(Weight("mixer.in_proj.weight"), Optional("mixer.in_proj.bias"), Norm(row, Weight("norm.weight")));
            inputs.Add(xz[..e]);
            var x = new double[e];
            for (int c = 0; c < e; c++)
            {
                double sum = convBias?[c] ?? 0;
                for (int j = 0; j < k; j++)
                {
                    int t = inputs.Count - k + j;
                    sum += t < 0 ? 0 : taps[(c * k) + j] * inputs[t][c];
                }

                x[c] = Silu(sum);
            }

            double[] p = Linear(Weight("mixer.x_proj.weight"), null, x);
            double[] delta = Linear(Weight("mixer.dt_proj.weight"), Weight("mixer.dt_proj.bias"), p[..r]);
            var g = new double[e];
            for (int c = 0; c < e; c++)
            {
                double step = Math.Log(1 + Math.Exp(delta[c]));
                double y = skip[c] * x[c];
                for (int s = 0; s < n; s++)
                {
                    double decay = Math.Exp(-step * Math.Exp(aLog[(c * n) + s]));
                    h[(c * n) + s] = (decay * h[(c * n) + s]) + (step * x[c] * p[r + s]);
                    y += h[(c * n) + s] * p[r + n + s];
                }

                g[c] = y * Silu(xz[e + c]);
            }

            double[] change = Linear(Weight("mixer.out_proj.weight"), Optional("mixer.out_proj.bias"), g);
            for (int i = 0; i < row.Length; i++)
            {
                row[i] += change[i];
            }
        }
    }

    private double[] Norm(double[] x, float[] gamma)
    {
        double scale = 1 / Math.Sqrt(x.Average(value => value * value) + config.NormEpsilon);
        return [.. x.Select((value, i) => value * scale * gamma[i])];
    }

    private static double[] Linear(float[] weight, float[]? bias, double[] x)
    {
        var y = new double[weight.Length / x.Length];
        for (int o = 0; o < y.Length; o++)
        {
            y[o] = bias?[o] ?? 0;
            for (int i = 0; i < x.Length; i++)
            {
                y[o] += weight[(o * x.Length) + i] * x[i];
            }
        }

        return y;
    }

    private static double Silu(double x) => x / (1 + Math.Exp(-x));
}
