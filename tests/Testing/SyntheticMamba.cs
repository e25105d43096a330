using System.Text.Json.Nodes;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Safetensors;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Testing;

/// <summary>Writes small Mamba-1 checkpoints with random weights, in Hugging Face layout.</summary>
/// <remarks>Weights are scaled so that activations stay of order one and A is negative and moderate; the same seed gives the same bytes.</remarks>
public sealed record SyntheticMamba
{
    /// <summary>The model's dimensions.</summary>
    public MambaConfig Config { get; init; } = new()
    {
        VocabularySize = 64,
        DModel = 24,
        DInner = 48,
        DState = 8,
        DConv = 4,
        DtRank = 4,
        LayerCount = 2,
        NormEpsilon = 1e-5f,
        UseBias = false,
        UseConvBias = true,
        TieEmbeddings = true,
        EndOfTextToken = 0,
        BeginOfTextToken = 0,
    };

    /// <summary>Seed of the weights.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>How heavy the tails of the weights are: each value of a norm or linear is multiplied by exp(t·g − t²), g normal.</summary>
    /// <value>0 (normal weights) by default; at 0.8 the largest of 1,000 values is some 15 times their root mean square.</value>
    public double TailWeight { get; init; }

    /// <summary>Changes the values of a tensor, by its full name, before they are written; null leaves them.</summary>
    public Action<string, float[]>? Edit { get; init; }

    /// <summary>Element type of the file.</summary>
    public DType DType { get; init; } = DType.F32;

    /// <summary>Bytes at which a new shard begins.</summary>
    public long MaxShardBytes { get; init; } = long.MaxValue;

    /// <summary>Writes config.json and the weights into an existing folder.</summary>
    /// <param name="directory">The folder.</param>
    /// <returns>The values by tensor name, as they were before the conversion to <see cref="DType"/>.</returns>
    public IReadOnlyDictionary<string, float[]> Write(string directory)
    {
        File.WriteAllText(Path.Combine(directory, "config.json"), ConfigJson().ToJsonString());
        List<(string Name, int[] Shape)> tensors = [.. Tensors(Config)];
        var random = new Random(Seed);
        var values = new Dictionary<string, float[]>(StringComparer.Ordinal);
        using var writer = new ShardedSafetensorsWriter(
            directory, [.. tensors.Select(tensor => new SafetensorsDeclaration(tensor.Name, DType, new Shape(tensor.Shape)))], MaxShardBytes);
        foreach ((string name, int[] shape) in tensors)
        {
            float[] content = Values(name, shape, random, TailWeight);
            Edit?.Invoke(name, content);
            values.Add(name, content);
            writer.For(name).WriteConverted(name, content);
        }

        writer.Complete();
        return values;
    }

    /// <summary>The fields of config.json.</summary>
    public JsonObject ConfigJson() => new()
    {
        ["architectures"] = new JsonArray("MambaForCausalLM"),
        ["model_type"] = "mamba",
        ["vocab_size"] = Config.VocabularySize,
        ["hidden_size"] = Config.DModel,
        ["intermediate_size"] = Config.DInner,
        ["state_size"] = Config.DState,
        ["conv_kernel"] = Config.DConv,
        ["time_step_rank"] = Config.DtRank,
        ["num_hidden_layers"] = Config.LayerCount,
        ["layer_norm_epsilon"] = (double)Config.NormEpsilon,
        ["use_bias"] = Config.UseBias,
        ["use_conv_bias"] = Config.UseConvBias,
        ["hidden_act"] = "silu",
        ["tie_word_embeddings"] = Config.TieEmbeddings,
        ["eos_token_id"] = Config.EndOfTextToken,
        ["bos_token_id"] = Config.BeginOfTextToken,
        ["torch_dtype"] = "float32",
    };

    /// <summary>Names and stored shapes of all tensors, written out here once more, so that the reader's own table is tested against it.</summary>
    /// <param name="config">The model's dimensions.</param>
    public static IEnumerable<(string Name, int[] Shape)> Tensors(MambaConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        int v = config.VocabularySize, d = config.DModel, e = config.DInner, n = config.DState, r = config.DtRank;
        yield return ("backbone.embeddings.weight", [v, d]);
        for (int layer = 0; layer < config.LayerCount; layer++)
        {
            string prefix = $"backbone.layers.{layer}.";
            yield return (prefix + "norm.weight", [d]);
            yield return (prefix + "mixer.in_proj.weight", [2 * e, d]);
            yield return (prefix + "mixer.conv1d.weight", [e, 1, config.DConv]);
            yield return (prefix + "mixer.x_proj.weight", [r + (2 * n), e]);
            yield return (prefix + "mixer.dt_proj.weight", [e, r]);
            yield return (prefix + "mixer.dt_proj.bias", [e]);
            yield return (prefix + "mixer.A_log", [e, n]);
            yield return (prefix + "mixer.D", [e]);
            yield return (prefix + "mixer.out_proj.weight", [d, e]);
            if (config.UseConvBias)
            {
                yield return (prefix + "mixer.conv1d.bias", [e]);
            }

            if (config.UseBias)
            {
                yield return (prefix + "mixer.in_proj.bias", [2 * e]);
                yield return (prefix + "mixer.out_proj.bias", [d]);
            }
        }

        yield return ("backbone.norm_f.weight", [d]);
        if (!config.TieEmbeddings)
        {
            yield return ("lm_head.weight", [v, d]);
        }
    }

    private static float[] Values(string name, int[] shape, Random random, double tailWeight)
    {
        int count = shape.Aggregate(1, (product, extent) => checked(product * extent));
        double scale = 1 / Math.Sqrt(shape[^1]);
        return name switch
        {
            _ when name.EndsWith("norm.weight", StringComparison.Ordinal) || name.EndsWith("norm_f.weight", StringComparison.Ordinal)
                => Fill(count, () => (1 + (0.3 * Normal(random))) * Tail()),
            _ when name.EndsWith("A_log", StringComparison.Ordinal) => Fill(count, () => Math.Log(0.2 + (8 * random.NextDouble()))),
            _ when name.EndsWith("dt_proj.bias", StringComparison.Ordinal) => Fill(count, () => -2 + (0.5 * Normal(random))),
            _ when name.EndsWith("bias", StringComparison.Ordinal) => Fill(count, () => 0.2 * Normal(random)),
            _ when name.EndsWith(".D", StringComparison.Ordinal) => Fill(count, () => 1 + (0.2 * Normal(random))),
            _ when name.EndsWith("conv1d.weight", StringComparison.Ordinal) => Fill(count, () => 0.6 * Normal(random)),
            _ => Fill(count, () => 1.5 * scale * Normal(random) * Tail()),
        };

        // The mean square stays what it was, so that activations stay of order one; 0 draws nothing.
        double Tail() => tailWeight == 0 ? 1 : Math.Exp((tailWeight * Normal(random)) - (tailWeight * tailWeight));
    }

    private static float[] Fill(int count, Func<double> next) => [.. Enumerable.Range(0, count).Select(_ => (float)next())];

    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
