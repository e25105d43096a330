using System.Text.Json.Nodes;
using MambaQuant.Quant.Datasets;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Safetensors;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Reports;

/// <summary>Writes a checkpoint with the shapes of a published model and random weights: for memory and speed, not for accuracy.</summary>
/// <remarks>fp16, sharded. Weights are uniform with variance 1 / inputs; A_log = log(1 … N), D = 1, time-step biases in the range of a fresh Mamba.</remarks>
internal static class SyntheticCheckpoint
{
    /// <summary>Rows of the embedding table of the published models.</summary>
    public const int PublishedVocabulary = 50280;

    private const long ShardBytes = 1_000_000_000;
    private const int ChunkValues = 1 << 20;

    /// <summary>The dimensions of the published models by size.</summary>
    public static IReadOnlyDictionary<string, (int DModel, int Layers)> Sizes { get; } = new Dictionary<string, (int DModel, int Layers)>
    {
        ["130m"] = (768, 24),
        ["370m"] = (1024, 48),
        ["790m"] = (1536, 48),
        ["1.4b"] = (2048, 48),
        ["2.8b"] = (2560, 64),
    };

    /// <summary>Writes a checkpoint.</summary>
    /// <param name="directory">The folder to make.</param>
    /// <param name="size">A key of <see cref="Sizes"/>.</param>
    /// <param name="vocabularySize">Rows of the embedding table.</param>
    /// <param name="seed">Seed of the weights.</param>
    /// <param name="layerCount">Layers; null for as many as the published model has.</param>
    public static void Write(string directory, string size, int vocabularySize, ulong seed, int? layerCount = null)
    {
        (int d, int publishedLayers) = Sizes[size];
        int layers = layerCount ?? publishedLayers;
        Directory.CreateDirectory(directory);
        File.WriteAllText(Path.Combine(directory, "config.json"), Config(d, layers, vocabularySize).ToJsonString());
        var declarations = new List<SafetensorsDeclaration>
        {
            new(MambaTensors.Embeddings, DType.F16, new Shape(vocabularySize, d)),
        };
        for (int layer = 0; layer < layers; layer++)
        {
            declarations.AddRange(Layer(d).Select(tensor => new SafetensorsDeclaration(
                MambaTensors.InLayer(layer, tensor.Name), DType.F16, tensor.Shape)));
        }

        declarations.Add(new(MambaTensors.FinalNorm, DType.F16, new Shape(d)));
        using var writer = new ShardedSafetensorsWriter(
            directory, declarations, ShardBytes, new Dictionary<string, string> { ["format"] = "pt" });
        for (int i = 0; i < declarations.Count; i++)
        {
            Fill(writer.For(declarations[i].Name), declarations[i], new SeededRandom(seed, (ulong)i));
        }

        writer.Complete();
    }

    private static IEnumerable<(string Name, Shape Shape)> Layer(int d)
    {
        int e = 2 * d, r = (d + 15) / 16;
        const int n = 16, k = 4;
        yield return (MambaTensors.Norm, new Shape(d));
        yield return (MambaTensors.InProj, new Shape(2 * e, d));
        yield return (MambaTensors.Conv, new Shape(e, 1, k));
        yield return (MambaTensors.ConvBias, new Shape(e));
        yield return (MambaTensors.XProj, new Shape(r + (2 * n), e));
        yield return (MambaTensors.DtProj, new Shape(e, r));
        yield return (MambaTensors.DtProjBias, new Shape(e));
        yield return (MambaTensors.ALog, new Shape(e, n));
        yield return (MambaTensors.D, new Shape(e));
        yield return (MambaTensors.OutProj, new Shape(d, e));
    }

    private static void Fill(SafetensorsWriter writer, SafetensorsDeclaration tensor, SeededRandom random)
    {
        long count = tensor.Shape.ElementCount;
        var chunk = new float[(int)Math.Min(ChunkValues, count)];
        for (long done = 0; done < count; done += chunk.Length)
        {
            int length = (int)Math.Min(chunk.Length, count - done);
            for (int i = 0; i < length; i++)
            {
                chunk[i] = Value(tensor, done + i, random);
            }

            writer.WriteFloat16(tensor.Name, chunk.AsSpan(0, length));
        }
    }

    private static float Value(SafetensorsDeclaration tensor, long index, SeededRandom random)
    {
        string name = tensor.Name;
        if (name.EndsWith(MambaTensors.ALog, StringComparison.Ordinal))
        {
            return MathF.Log(1 + (index % tensor.Shape.Columns));
        }

        if (name.EndsWith(MambaTensors.D, StringComparison.Ordinal) || name.Contains("norm", StringComparison.Ordinal))
        {
            return 1;
        }

        if (name.EndsWith(MambaTensors.DtProjBias, StringComparison.Ordinal))
        {
            // softplus⁻¹ of a time step drawn evenly in its logarithm from 0.001 to 0.1.
            double step = Math.Exp(Math.Log(0.001) + (random.NextDouble() * Math.Log(100)));
            return (float)Math.Log(Math.Exp(step) - 1);
        }

        return (float)((random.NextDouble() - 0.5) * Math.Sqrt(12.0 / tensor.Shape.Columns));
    }

    private static JsonObject Config(int d, int layers, int vocabularySize) => new()
    {
        ["architectures"] = new JsonArray("MambaForCausalLM"),
        ["model_type"] = "mamba",
        ["hidden_size"] = d,
        ["intermediate_size"] = 2 * d,
        ["state_size"] = 16,
        ["conv_kernel"] = 4,
        ["expand"] = 2,
        ["time_step_rank"] = (d + 15) / 16,
        ["num_hidden_layers"] = layers,
        ["vocab_size"] = vocabularySize,
        ["layer_norm_epsilon"] = 1e-5,
        ["use_bias"] = false,
        ["use_conv_bias"] = true,
        ["tie_word_embeddings"] = true,
        ["hidden_act"] = "silu",
        ["residual_in_fp32"] = true,
        ["torch_dtype"] = "float16",
        ["bos_token_id"] = 0,
        ["eos_token_id"] = 0,
    };
}
