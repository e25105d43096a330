using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Local;
using MambaQuant.Pipeline.Tests.Local;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Recipes;
using MambaQuant.Testing;

namespace MambaQuant.Telemetry.Tests;

/// <summary>Real jobs of the embedded engine that take a second or two.</summary>
internal static class SmallRun
{
    /// <summary>Quantizes a tiny model.</summary>
    /// <param name="preset">The recipe.</param>
    /// <param name="edit">Changes what is asked for; null for nothing.</param>
    /// <param name="weights">The model; null for a usual one.</param>
    public static void Quantize(string preset = RecipePresets.MambaQuant, Func<TinyModel, QuantizeOptions, QuantizeOptions>? edit = null, SyntheticMamba? weights = null)
    {
        using var model = new TinyModel(weights);
        using var backends = new CpuBackends(2);
        QuantizeOptions options = model.Options(TinyModel.Preset(preset)) with { Workers = 2, Plan = new() { Blocks = 2, Shards = 2 } };
        new LocalEngine(backends, TimeProvider.System).Quantize(edit?.Invoke(model, options) ?? options, new Progress<StageProgress>(), CancellationToken.None);
    }
}
