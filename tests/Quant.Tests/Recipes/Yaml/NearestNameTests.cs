using MambaQuant.Quant.Recipes.Yaml;
using Xunit;

namespace MambaQuant.Quant.Tests.Recipes.Yaml;

public sealed class NearestNameTests
{
    [Theory]
    [InlineData("centred", "centered")]
    [InlineData("BlockSize", "block_size")]
    [InlineData("damp", "damping")]
    [InlineData("da", null)]
    [InlineData("", null)]
    [InlineData("zzzzzzzzzz", null)]
    public void Guess_IsWithinAFewEdits(string name, string? expected) =>
        Assert.Equal(expected, NearestName.Find(name, ["block_size", "damping", "centered"]));
}
