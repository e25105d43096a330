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
    private const long ShardBytes = 1_000_000_000;
    private const int ChunkValues = 1 << 20;

    /// <summary>Writes a checkpoint.</summary>
    /// <param name="directory">The folder to make.</param>
    /// <param name="config">The dimensions.</param>
    /// <param name="seed">Seed of the weights.</param>
    public static void Write(string directory, MambaConfig config, ulong seed)
    {
        Directory.CreateDirectory(directory);
        File.WriteAllText(Path.Combine(directory, "config.json"), ConfigFile(config).ToJsonString());
        var declarations = new List<SafetensorsDeclaration>
        {
            new(MambaTensors.Embeddings, DType.F16, new Shape(config.VocabularySize, config.DModel)),
        };
        for (int layer = 0; layer < config.LayerCount; layer++)
        {
            declarations.AddRange(Layer(config).Select(tensor => new SafetensorsDeclaration(
                MambaTensors.InLayer(layer, tensor.Name), DType.F16, tensor.Shape)));
        }

        declarations.Add(new(MambaTensors.FinalNorm, DType.F16, new Shape(config.DModel)));
        if (!config.TieEmbeddings)
        {
            declarations.Add(new(MambaTensors.Head, DType.F16, new Shape(config.VocabularySize, config.DModel)));
        }

        using var writer = new ShardedSafetensorsWriter(
            directory, declarations, ShardBytes, new Dictionary<string, string> { ["format"] = "pt" });
        for (int i = 0; i < declarations.Count; i++)
        {
            Fill(writer.For(declarations[i].Name), declarations[i], new SeededRandom(seed, (ulong)i));
        }

        writer.Complete();
    }

    private static IEnumerable<(string Name, Shape Shape)> Layer(MambaConfig config)
    {
        (int d, int e, int n, int k, int r) = (config.DModel, config.DInner, config.DState, config.DConv, config.DtRank);
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

    private static JsonObject ConfigFile(MambaConfig config) => new()
    {
        ["architectures"] = new JsonArray("MambaForCausalLM"),
        ["model_type"] = "mamba",
        ["hidden_size"] = config.DModel,
        ["intermediate_size"] = config.DInner,
        ["state_size"] = config.DState,
        ["conv_kernel"] = config.DConv,
        ["expand"] = config.DInner / config.DModel,
        ["time_step_rank"] = config.DtRank,
        ["num_hidden_layers"] = config.LayerCount,
        ["vocab_size"] = config.VocabularySize,
        ["layer_norm_epsilon"] = 1e-5,
        ["use_bias"] = config.UseBias,
        ["use_conv_bias"] = config.UseConvBias,
        ["tie_word_embeddings"] = config.TieEmbeddings,
        ["hidden_act"] = "silu",
        ["residual_in_fp32"] = true,
        ["torch_dtype"] = "float16",
        ["bos_token_id"] = config.BeginOfTextToken,
        ["eos_token_id"] = config.EndOfTextToken,
    };
}
