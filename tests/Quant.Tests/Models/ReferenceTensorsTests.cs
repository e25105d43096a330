using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Tensors;
using MambaQuant.Testing;
using Xunit;
using Xunit.Abstractions;

namespace MambaQuant.Quant.Tests.Models;

/// <summary>The forward pass against tensors of an independent, slow fp32 forward: layer for layer, operation for operation.</summary>
public sealed class ReferenceTensorsTests(ITestOutputHelper output)
{
    // The acceptance bound. Measured: at most 8.6e-7, in both models (AVX-512; out_proj of layer 7).
    private const double Tolerance = 1e-4;

    [SharedDataFact]
    public void TrainedModel_MatchesEveryReferenceTensor() => Compare("mamba-wt2-5m");

    [SharedDataFact]
    public void HeavyTailedTwin_MatchesEveryReferenceTensor() => Compare("mamba-wt2-5m-outliers");

    private void Compare(string name)
    {
        using ReferenceModel reference = ReferenceModel.Open(name);
        using var kernels = new CpuKernels();
        using MambaCheckpoint checkpoint = MambaCheckpoint.Open(reference.Directory);
        using MambaLanguageModel model = MambaLanguageModels.LoadFloat(kernels, checkpoint);
        Dictionary<string, float[]> found = Trace(kernels, checkpoint, model, reference.Tokens(), reference.Batch);
        Assert.Equal(reference.Names.Order(StringComparer.Ordinal), found.Keys.Order(StringComparer.Ordinal));
        double worst = 0;
        foreach (string tensor in reference.Names)
        {
            double difference = RelativeDifference(reference.Values(tensor), found[tensor]);
            output.WriteLine($"{tensor}: {difference:E2}");
            worst = Math.Max(worst, difference);
        }

        Assert.InRange(worst, 0, Tolerance);
    }

    /// <summary>Every tensor that the reference has, under its name there.</summary>
    private static Dictionary<string, float[]> Trace(IKernels kernels, MambaCheckpoint checkpoint, MambaLanguageModel model, int[] tokens, int batch)
    {
        var found = new Dictionary<string, float[]>(StringComparer.Ordinal);
        int length = tokens.Length / batch;
        using ModelState state = ModelState.Zero(kernels, model.Config, batch);
        using Tensor rows = model.Embeddings.Gather(kernels, tokens);
        using Tensor hidden = kernels.Reshape(rows, new Shape(batch, length, model.Config.DModel));
        found["hidden.embeddings"] = Values(kernels, hidden);
        for (int layer = 0; layer < model.Blocks.Count; layer++)
        {
            if (layer is 0 or 7)
            {
                TraceBlock(kernels, checkpoint, hidden, layer, found);
            }

            model.Blocks[layer].Forward(kernels, hidden, state.Blocks[layer], seen: null);
            found[$"hidden.layer.{layer}"] = Values(kernels, hidden);
            if (layer is 0 or 7)
            {
                found[$"layer.{layer}.mixer.final_ssm_state"] = Values(kernels, state.Blocks[layer].Hidden);
            }
        }

        using Tensor normed = kernels.RmsNorm(hidden, model.FinalNorm, model.Config.NormEpsilon);
        using Tensor logits = model.HeadLogits(kernels, hidden);
        found["hidden.norm_f"] = Values(kernels, normed);
        found["logits"] = Values(kernels, logits);
        return found;
    }

    /// <summary>The block's operations one by one, as <see cref="MambaBlock.Change"/> does them.</summary>
    private static void TraceBlock(IKernels k, MambaCheckpoint checkpoint, Tensor hidden, int layer, Dictionary<string, float[]> found)
    {
        MambaConfig config = checkpoint.Config;
        using LayerWeights weights = checkpoint.LoadLayer(k, layer);
        using BlockState state = BlockState.Zero(k, config, hidden.Shape[0]);
        using Tensor u = k.RmsNorm(hidden, weights[MambaTensors.Norm], config.NormEpsilon);
        using Tensor projected = k.Linear(u, weights[MambaTensors.InProj], bias: null);
        using Tensor x0 = k.SliceColumns(projected, 0, config.DInner);
        using Tensor z = k.SliceColumns(projected, config.DInner, config.DInner);
        using Tensor extended = k.ShiftIn(x0, state.ConvolutionWindow);
        using Tensor x = k.CausalConvolutionSilu(extended, weights[MambaTensors.Conv], weights[MambaTensors.ConvBias]);
        using Tensor p = k.Linear(x, weights[MambaTensors.XProj], bias: null);
        using Tensor dt = k.SliceColumns(p, 0, config.DtRank);
        using Tensor b = k.SliceColumns(p, config.DtRank, config.DState);
        using Tensor c = k.SliceColumns(p, config.DtRank + config.DState, config.DState);
        using Tensor delta = k.Linear(dt, weights[MambaTensors.DtProj], weights[MambaTensors.DtProjBias]);
        k.Softplus(delta);
        using Tensor a = FloatBlock.Decay(k, weights[MambaTensors.ALog]);
        using Tensor y = k.SelectiveScan(new ScanInputs(x, delta, a, b, c, weights[MambaTensors.D]), state.Hidden, readout: null, observation: null);
        using Tensor gated = k.GatedSilu(y, z, smoothing: null);
        using Tensor change = k.Linear(gated, weights[MambaTensors.OutProj], bias: null);
        string prefix = $"layer.{layer}.mixer.";
        foreach ((string name, Tensor tensor) in new[]
        {
            ("norm_out", u), ("in_proj_out", projected), ("conv_silu_out", x), ("x_proj_out", p), ("dt", delta),
            ("scan_out_plus_D", y), ("gated", gated), ("out_proj_out", change),
        })
        {
            found[prefix + name] = Values(k, tensor);
        }
    }

    private static float[] Values(IKernels kernels, Tensor tensor)
    {
        var values = new float[tensor.Shape.ElementCount];
        kernels.Download(tensor, values.AsSpan());
        return values;
    }

    /// <summary>Largest difference over largest value.</summary>
    private static double RelativeDifference(float[] expected, float[] found)
    {
        Assert.Equal(expected.Length, found.Length);
        double largest = 0, difference = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            largest = Math.Max(largest, Math.Abs((double)expected[i]));
            difference = Math.Max(difference, Math.Abs((double)expected[i] - found[i]));
        }

        return difference / largest;
    }
}
