using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Quant.Tests.Rotations;

/// <summary>The two properties of transforms on trained models: the logits stay, second moments follow by algebra.</summary>
public sealed class TrainedModelTests : IDisposable
{
    private readonly CpuKernels _kernels = new();

    public void Dispose() => _kernels.Dispose();

    [SharedDataTheory]
    [InlineData("mamba-wt2-5m", "all")]
    [InlineData("mamba-wt2-5m-outliers", "all, plain Hadamard")]
    public void AllModifiers_LeaveTrainedModelsUnchanged(string model, string modifiers)
    {
        using var pair = new TransformedPair(_kernels, SharedData.Path("models", model), modifiers, seed: 1);

        // Measured: at most 1.1e-6 of the largest logit.
        Assert.InRange(pair.LogitDifference(TestTokens(2 * 96), batch: 2), 0, 1e-4);

        // Measured: 5.5e-7 at the input of out_proj, at most 2.1e-7 elsewhere.
        Assert.All(pair.MomentDifferences(TestTokens(4 * 128), batch: 4), pair => Assert.InRange(pair.Value, 0, 1e-6));
    }

    private static int[] TestTokens(int count)
    {
        byte[] bytes = File.ReadAllBytes(SharedData.Path("models", "mamba-wt2-5m", "test.tokens.i32"));
        return [.. Enumerable.Range(0, count).Select(i => BitConverter.ToInt32(bytes, sizeof(int) * i))];
    }
}
