using System.Collections.Immutable;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Quantization;
using Xunit;

namespace MambaQuant.Quant.Tests.Quantization;

public sealed class QuantizationSchemeValidatorTests
{
    private static readonly QuantizationScheme Sound = QuantizationSchemes.Parse("W8A8");

    [Fact]
    public void TokenStrategy_MustBeDynamic()
    {
        ImmutableArray<string> problems = ProblemsOfInput(new() { Bits = 8, Strategy = QuantizationStrategy.Token });

        Assert.Contains("token static is not possible", Assert.Single(problems), StringComparison.Ordinal);
    }

    [Fact]
    public void DynamicRangeOverAWholeTensor_WouldSeeTheFuture()
    {
        ImmutableArray<string> problems = ProblemsOfInput(new() { Bits = 8, Strategy = QuantizationStrategy.Tensor, Dynamic = true });

        Assert.Contains("tensor dynamic is not possible", Assert.Single(problems), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(-128)]
    public void Groups_NeedASize(int size)
    {
        ImmutableArray<string> problems = ProblemsOfWeights("in_proj", new() { Bits = 4, Strategy = QuantizationStrategy.Group, GroupSize = size });

        Assert.Contains("group_size", Assert.Single(problems), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(9)]
    [InlineData(16)]
    public void Bits_AreTwoToEight(int bits) =>
        Assert.Contains("bits must be 2 to 8", Assert.Single(ProblemsOfInput(new() { Bits = bits })), StringComparison.Ordinal);

    [Fact]
    public void EverythingWrong_IsReportedAtOnce()
    {
        var wrong = new QuantizationArgs { Bits = 1, Dynamic = true, Strategy = QuantizationStrategy.Token, Percentile = double.NaN };
        ImmutableArray<string> problems = QuantizationSchemeValidator.Problems(Sound with
        {
            Modules = Sound.Modules.SetItem("conv1d", new(wrong, null)).SetItem("x_proj", new(null, null)),
            ScanState = new() { Bits = 8, Symmetric = false },
            ScanOutput = null,
        });

        string[] expected = ["bits", "percentile", "dynamic", "token", "leave the module out", "both or neither", "tensor static", "symmetric"];
        Assert.All(expected, part => Assert.Contains(problems, problem => problem.Contains(part, StringComparison.Ordinal)));
        Assert.Equal(expected.Length, problems.Length);
    }

    [Fact]
    public void Embeddings_HaveNoActivation() => Assert.Contains(
        "token ids",
        Assert.Single(QuantizationSchemeValidator.Problems(Sound with
        {
            Modules = Sound.Modules.SetItem("embeddings", new(null, new() { Bits = 8 })),
        })),
        StringComparison.Ordinal);

    [Fact]
    public void Taps_HaveNoGroups() => Assert.Contains(
        "taps",
        Assert.Single(ProblemsOfWeights("conv1d", new() { Bits = 4, Strategy = QuantizationStrategy.Group, GroupSize = 2 })),
        StringComparison.Ordinal);

    [Fact]
    public void AsymmetricAndPercentile_AreFine()
    {
        Assert.Empty(ProblemsOfInput(new() { Bits = 5, Symmetric = false, Range = RangeEstimator.Percentile, Percentile = 0.99 }));
        Assert.Empty(ProblemsOfInput(new() { Bits = 8, Dynamic = true, Strategy = QuantizationStrategy.Token }));
        Assert.Empty(ProblemsOfWeights("lm_head", new() { Bits = 3, Symmetric = false, Strategy = QuantizationStrategy.Group, GroupSize = 64 }));
    }

    [Fact]
    public void Refusal_NamesTheScheme() => Assert.Contains(
        "scheme W8A8: x_proj input: bits",
        Assert.Throws<ArgumentException>(() => QuantizationSchemeValidator.ThrowIfInvalid(
            Sound with { Modules = Sound.Modules.SetItem("x_proj", new(null, new() { Bits = 0 })) })).Message,
        StringComparison.Ordinal);

    private static ImmutableArray<string> ProblemsOfInput(QuantizationArgs args) => QuantizationSchemeValidator.Problems(
        Sound with { Modules = Sound.Modules.SetItem("in_proj", new(null, args)) });

    private static ImmutableArray<string> ProblemsOfWeights(string module, QuantizationArgs args) => QuantizationSchemeValidator.Problems(
        Sound with { Modules = Sound.Modules.SetItem(module, new(args, null)) });
}
