using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Datasets;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Recipes;
using MambaQuant.Quant.Rotations;
using MambaQuant.Quant.Tensors;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Local;

public sealed class RotatedNormSmoothingTests
{
    /// <summary>At α = 1 the factors are the magnitudes themselves: those of the rotated stream, which the norm weight then divides by.</summary>
    [Fact]
    public void Factors_AreTakenInTheRotatedBasis()
    {
        using var model = new TinyModel();
        using var kernels = new CpuKernels();
        Recipe recipe = TinyModel.Preset(RecipePresets.QuaRot, "W8A16")
            .With(new SmoothingModifier(SmoothingSite.NormToInProj, SmoothingStrength.Fixed(1)));
        model.Quantize(kernels, recipe);

        double[] magnitudes = MagnitudesOfTheRotatedNorm(kernels, model);
        double mean = Math.Exp(magnitudes.Average(Math.Log));
        using QuantizedCheckpoint checkpoint = QuantizedCheckpoint.Open(model.File("out"));
        using QuantizedLayer layer = checkpoint.ReadLayer(kernels, 0);
        float[] normWeight = Download(kernels, layer.Float[MambaTensors.Norm]);

        // Measured: 8e-8, rounding of the rotated embeddings and of 1 / s to fp32.
        Assert.All(magnitudes.Zip(normWeight), pair => Assert.Equal(mean / pair.First, pair.Second, 1e-5 * mean / pair.First));
    }

    /// <summary>Largest |x / rms(x) · H| per channel before the first layer, in fp64.</summary>
    private static double[] MagnitudesOfTheRotatedNorm(CpuKernels kernels, TinyModel model)
    {
        using MambaCheckpoint checkpoint = MambaCheckpoint.Open(model.Path);
        CalibrationSet calibration = model.Calibration(kernels);
        using Tensor table = checkpoint.LoadEmbeddings(kernels);
        float[] embeddings = Download(kernels, table);
        int width = checkpoint.Config.DModel;
        double[] rotation = HadamardMatrix.Dense(width);
        var magnitudes = new double[width];
        foreach (int token in calibration.Sequences.SelectMany(sequence => sequence))
        {
            double[] row = [.. embeddings[(token * width)..((token + 1) * width)]];
            double root = Math.Sqrt(row.Average(value => value * value) + checkpoint.Config.NormEpsilon);
            for (int channel = 0; channel < width; channel++)
            {
                double value = Enumerable.Range(0, width).Sum(i => row[i] * rotation[(i * width) + channel]) / root;
                magnitudes[channel] = Math.Max(magnitudes[channel], Math.Abs(value));
            }
        }

        return magnitudes;
    }

    private static float[] Download(CpuKernels kernels, Tensor tensor)
    {
        var values = new float[tensor.Shape.ElementCount];
        kernels.Download(tensor, values.AsSpan());
        return values;
    }
}
