using MambaQuant.Quant.Models;
using Xunit;

namespace MambaQuant.Quant.Tests.Models;

public sealed class PublishedModelsTests
{
    // Parameters as the models' names round them; "2.8b" has 2.77 billion, the shape of 7b has 7.27 billion.
    [Theory]
    [InlineData("mamba-130m", 0.129e9)]
    [InlineData("mamba-370m", 0.372e9)]
    [InlineData("mamba-790m", 0.793e9)]
    [InlineData("mamba-1.4b", 1.372e9)]
    [InlineData("mamba-2.8b", 2.768e9)]
    [InlineData("mamba-7b", 7.27e9)]
    public void Dimensions_GiveTheNumberOfParametersThatTheNameSays(string name, double expected)
    {
        MambaConfig config = PublishedModels.Find(name)!.Config;

        Assert.Equal(expected, Parameters(config), expected * 0.005);
    }

    [Fact]
    public void Find_TakesNamesAndSizes_AndNothingElse()
    {
        Assert.Same(PublishedModels.Find("mamba-2.8b"), PublishedModels.Find("2.8B"));
        Assert.Null(PublishedModels.Find("mamba"));
        Assert.Null(PublishedModels.Find(""));
    }

    private static double Parameters(MambaConfig config)
    {
        (double d, double e, double n, double r) = (config.DModel, config.DInner, config.DState, config.DtRank);
        double layer = (3 * d * e) + (e * (config.DConv + 1)) + (e * (r + (2 * n))) + ((r + 1) * e) + (e * n) + e + d;
        return (config.LayerCount * layer) + d + ((config.TieEmbeddings ? 1 : 2) * (double)config.VocabularySize * d);
    }
}
