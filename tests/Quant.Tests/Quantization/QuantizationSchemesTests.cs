using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using Xunit;

namespace MambaQuant.Quant.Tests.Quantization;

public sealed class QuantizationSchemesTests
{
    private static readonly string[] Linears = ["in_proj", "x_proj", "dt_proj", "out_proj"];
    private static readonly string[] Sensitive = ["conv1d", "lm_head", "embeddings"];

    [Fact]
    public void FourBitWeights_StandInGroupsAtTheTwoLargeProjectionsOnly()
    {
        QuantizationScheme scheme = QuantizationSchemes.Parse("W4A8");

        foreach (string module in (string[])["in_proj", "out_proj"])
        {
            Assert.Equal((4, QuantizationStrategy.Group, 128), Form(scheme.Find(module)!.Weights!));
        }

        foreach (string module in (string[])["x_proj", "dt_proj", .. Sensitive])
        {
            Assert.Equal((8, QuantizationStrategy.Channel, 0), Form(scheme.Find(module)!.Weights!));
        }
    }

    [Fact]
    public void SixBitWeights_AreThoseOfTheFourLinears()
    {
        QuantizationScheme scheme = QuantizationSchemes.Parse("W6A6");

        Assert.All(Linears, module => Assert.Equal((6, QuantizationStrategy.Channel, 0), Form(scheme.Find(module)!.Weights!)));
        Assert.All(Sensitive, module => Assert.Equal(8, scheme.Find(module)!.Weights!.Bits));
        Assert.All(Linears, module => Assert.Equal(6, scheme.Find(module)!.Input!.Bits));
        Assert.Equal(8, scheme.Find("conv1d")!.Input!.Bits);
        Assert.Equal(8, scheme.Find("lm_head")!.Input!.Bits);
        Assert.Equal((8, QuantizationStrategy.Channel, 0), Form(scheme.ScanState!));
        Assert.Equal((8, QuantizationStrategy.Tensor, 0), Form(scheme.ScanOutput!));
    }

    [Theory]
    [InlineData("W8A8", 8, 8)]
    [InlineData("W4A6", 4, 6)]
    [InlineData("W2A2", 2, 2)]
    public void Strict_QuantizesEverythingAtTheGivenBits(string name, int weightBits, int inputBits)
    {
        QuantizationScheme scheme = QuantizationSchemes.Parse(name, strict: true);

        Assert.Equal(7, scheme.Modules.Count);
        foreach ((string module, ModuleScheme args) in scheme.Modules)
        {
            Assert.Equal((weightBits, QuantizationStrategy.Channel, 0), Form(args.Weights!));
            Assert.Equal(module == "embeddings" ? null : inputBits, args.Input?.Bits);
        }
    }

    [Theory]
    [InlineData("W4A16")]
    [InlineData("W8A16")]
    public void SixteenBitActivations_AreFloatEverywhere(string name)
    {
        QuantizationScheme scheme = QuantizationSchemes.Parse(name);

        Assert.All(scheme.Modules.Values, module => Assert.Null(module.Input));
        Assert.Null(scheme.ScanState);
        Assert.Null(scheme.ScanOutput);
    }

    [Fact]
    public void SixteenBitWeights_AreFloatEverywhere()
    {
        QuantizationScheme scheme = QuantizationSchemes.Parse("W16A8");

        Assert.All(scheme.Modules.Values, module => Assert.Null(module.Weights));
        Assert.Null(scheme.Find("embeddings"));
        Assert.Equal(8, scheme.Find("in_proj")!.Input!.Bits);
    }

    [Fact]
    public void EveryNameOfTheGenericForm_IsSoundAndEqualToItselfOnly()
    {
        List<QuantizationScheme> schemes = [];
        int[] bits = [2, 3, 4, 5, 6, 7, 8, 16];
        foreach (int w in bits)
        {
            foreach (int a in bits)
            {
                if (w == 16 && a == 16)
                {
                    continue;
                }

                foreach (bool strict in (bool[])[false, true])
                {
                    QuantizationScheme scheme = QuantizationSchemes.Parse($"w{w}A{a}", strict);
                    Assert.Empty(QuantizationSchemeValidator.Problems(scheme));
                    Assert.Equal($"W{w}A{a}", scheme.Name);
                    Assert.Equal(scheme, QuantizationSchemes.Parse(scheme.Name, strict));
                    Assert.Equal(scheme.GetHashCode(), QuantizationSchemes.Parse(scheme.Name, strict).GetHashCode());
                    schemes.Add(scheme);
                }
            }
        }

        // Strict and default agree where no weight and no input has another width in the two forms: W8A8, W8A16, W16A8.
        Assert.Equal(schemes.Count - 3, schemes.Distinct().Count());
    }

    [Theory]
    [InlineData("W16A16")]
    [InlineData("W1A8")]
    [InlineData("W9A8")]
    [InlineData("W8A15")]
    [InlineData("int8")]
    [InlineData("W8A8 ")]
    [InlineData("")]
    [InlineData("W08A8888")]
    public void UnknownName_ListsTheKnownOnes(string name)
    {
        ArgumentException refused = Assert.Throws<ArgumentException>(() => QuantizationSchemes.Parse(name));

        Assert.Contains("W8A8, W4A8, W4A16, W8A16", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RangeChoices_ReachEveryQuantizer()
    {
        var ranges = new RangeChoices
        {
            Weights = RangeEstimator.MeanSquaredError,
            Inputs = RangeEstimator.Percentile,
            ScanState = RangeEstimator.MeanSquaredError,
            ScanOutput = RangeEstimator.Percentile,
            Percentile = 0.999,
        };
        QuantizationScheme scheme = QuantizationSchemes.Parse("W8A8", ranges: ranges);

        Assert.All(scheme.Modules.Values, module => Assert.Equal(RangeEstimator.MeanSquaredError, module.Weights!.Range));
        Assert.All(Linears, module => Assert.Equal((RangeEstimator.Percentile, 0.999), (scheme.Find(module)!.Input!.Range, scheme.Find(module)!.Input!.Percentile)));
        Assert.Equal(RangeEstimator.MeanSquaredError, scheme.ScanState!.Range);
        Assert.Equal(RangeEstimator.Percentile, scheme.ScanOutput!.Range);
    }

    [Fact]
    public void ModulesOfAScheme_AreThoseOfTheFamily()
    {
        var config = new MambaConfig
        {
            VocabularySize = 8,
            DModel = 4,
            DInner = 8,
            DState = 4,
            DConv = 4,
            DtRank = 1,
            LayerCount = 1,
            NormEpsilon = 1e-5f,
            UseBias = false,
            UseConvBias = true,
            TieEmbeddings = true,
        };
        ModelFamily family = MambaFamily.For(config);
        IEnumerable<string> names = family.LayerModules.Append(family.Embeddings).Append(family.Head).Select(module => module.Name);

        Assert.Equal(names.Order(StringComparer.Ordinal), QuantizationSchemes.Parse("W8A8").Modules.Keys);
    }

    private static (int Bits, QuantizationStrategy Strategy, int GroupSize) Form(QuantizationArgs args) => (args.Bits, args.Strategy, args.GroupSize);
}
