using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Quantization;

/// <summary>Rounds weights to nearest, and measures what rounding lost.</summary>
public static class WeightQuantizer
{
    /// <summary>Fits scales and rounds to nearest (RTN).</summary>
    /// <param name="kernels">The backend.</param>
    /// <param name="weight">[O, I] F32 or F64; it stays as it is.</param>
    /// <param name="args">How it is quantized.</param>
    /// <returns>Codes that the caller disposes.</returns>
    public static WeightCodes Round(IKernels kernels, Tensor weight, QuantizationArgs args)
    {
        ArgumentNullException.ThrowIfNull(kernels);
        ArgumentNullException.ThrowIfNull(weight);
        ArgumentNullException.ThrowIfNull(args);
        int groupSize = GroupSize(args, weight.Shape.Columns);
        (Tensor scales, Tensor? zeroPoints) = kernels.FitWeightScales(weight, args.Grid, groupSize, RangeOf(args));
        return kernels.QuantizeWeight(weight, args.Grid, groupSize, scales, zeroPoints);
    }

    /// <summary>Signal to quantization noise of the weights themselves: 10·log10(Σ w² / Σ (w − ŵ)²) in decibels.</summary>
    /// <param name="kernels">The backend.</param>
    /// <param name="weight">[O, I] F32.</param>
    /// <param name="codes">Its codes.</param>
    /// <returns>Infinite where nothing was lost.</returns>
    public static double Sqnr(IKernels kernels, Tensor weight, WeightCodes codes)
    {
        (double signal, double noise) = SignalAndNoise(kernels, weight, codes);
        return Decibels.OfRatio(signal, noise);
    }

    /// <summary>Describes quantized weights.</summary>
    /// <param name="kernels">The backend.</param>
    /// <param name="module">Module name.</param>
    /// <param name="args">How they were quantized.</param>
    /// <param name="weight">[O, I] F32, before.</param>
    /// <param name="codes">The codes.</param>
    /// <param name="gptq">What GPTQ did, or null.</param>
    internal static WeightQuantizationReport Report(
        IKernels kernels, string module, QuantizationArgs args, Tensor weight, WeightCodes codes, GptqReport? gptq)
    {
        float[] scales = kernels.ToArray<float>(codes.Scales);
        return new WeightQuantizationReport(module, args)
        {
            SmallestScale = scales.Min(),
            LargestScale = scales.Max(),
            Sqnr = Sqnr(kernels, weight, codes),
            Bytes = WeightStorage.Bytes(args, codes.Codes.Shape),
            Gptq = gptq,
        };
    }

    /// <summary>Σ w² and Σ (w − ŵ)².</summary>
    /// <param name="kernels">The backend.</param>
    /// <param name="weight">[O, I] F32.</param>
    /// <param name="codes">Its codes.</param>
    internal static (double Signal, double Noise) SignalAndNoise(IKernels kernels, Tensor weight, WeightCodes codes)
    {
        ArgumentNullException.ThrowIfNull(kernels);
        using Tensor values = kernels.Dequantize(codes);
        return (kernels.SquaredNorm(weight), kernels.SquaredDistance(weight, values));
    }

    /// <summary>Columns that share a scale, as the kernels want it: 0 for one scale over the whole tensor.</summary>
    /// <param name="args">How the weights are quantized.</param>
    /// <param name="columns">Their inputs I.</param>
    internal static int GroupSize(QuantizationArgs args, int columns) =>
        args.Strategy == QuantizationStrategy.Tensor ? 0 : WeightStorage.ColumnsPerScale(args, columns);

    /// <summary>How the scales are fitted.</summary>
    /// <param name="args">How the weights are quantized.</param>
    internal static WeightRange RangeOf(QuantizationArgs args) => new(args.Range, args.Percentile);
}
