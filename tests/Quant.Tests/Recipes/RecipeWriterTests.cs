using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Recipes;
using Xunit;

namespace MambaQuant.Quant.Tests.Recipes;

public sealed class RecipeWriterTests
{
    [Fact]
    public void Preset_IsWrittenResolved()
    {
        string text = RecipeWriter.Write(RecipePresets.Get(RecipePresets.RoundToNearest, "W4A16"));

        const string Float = "input: none";
        const string Narrow = "{ bits: 8, symmetric: true, strategy: channel, dynamic: false, range: minmax, percentile: 0.99999 }";
        const string Wide = "{ bits: 4, symmetric: true, strategy: group, group_size: 128, dynamic: false, range: minmax, percentile: 0.99999 }";
        Assert.Equal(
            $"""
            name: rtn
            modifiers:
              - Quantization:
                  scheme: W4A16
                  strict: false
                  overrides:
                    embeddings:
                      weights: {Narrow}
                    in_proj:
                      weights: {Wide}
                      {Float}
                    conv1d:
                      weights: {Narrow}
                      {Float}
                    x_proj:
                      weights: {Narrow}
                      {Float}
                    dt_proj:
                      weights: {Narrow}
                      {Float}
                    out_proj:
                      weights: {Wide}
                      {Float}
                    lm_head:
                      weights: {Narrow}
                      {Float}
                    scan_state: none
                    scan_output: none

            """.ReplaceLineEndings("\n"),
            text);
    }

    [Fact]
    public void EveryPreset_IsReadBackEqual()
    {
        foreach (string name in RecipePresets.Names)
        {
            foreach (string scheme in (string[])[.. QuantizationSchemes.Names, "W16A8", "W3A5"])
            {
                Recipe recipe = RecipePresets.Get(name, scheme, strict: scheme == "W3A5");
                string text = RecipeWriter.Write(recipe);
                Assert.Equal(recipe, RecipeReader.Read(text, "r"));
                Assert.Equal(text, RecipeWriter.Write(RecipeReader.Read(text, "r")));
            }
        }
    }

    [Fact]
    public void AnyValidRecipe_IsReadBackEqual()
    {
        var random = new Random(7);
        int written = 0;
        for (int round = 0; round < 300; round++)
        {
            Recipe recipe = AnyRecipe(random);
            if (RecipeValidator.Problems(recipe).IsEmpty)
            {
                Assert.Equal(recipe, RecipeReader.Read(RecipeWriter.Write(recipe), "r"));
                written++;
            }
        }

        Assert.InRange(written, 50, 300);
    }

    [Fact]
    public void InvalidRecipe_IsNotWritten() =>
        Assert.Throws<InvalidRecipeException>(() => RecipeWriter.Write(new Recipe("empty")));

    private static Recipe AnyRecipe(Random random)
    {
        var modifiers = new List<Modifier>();
        foreach (RotationSite site in Enum.GetValues<RotationSite>())
        {
            switch (random.Next(3))
            {
                case 0:
                    modifiers.Add(new HadamardRotationModifier(site));
                    break;
                case 1 when site is RotationSite.ResidualStream or RotationSite.TimeStepRank:
                    modifiers.Add(new KltRotationModifier(site, random.Next(2) == 0));
                    break;
            }
        }

        foreach (SmoothingSite site in Enum.GetValues<SmoothingSite>())
        {
            SmoothingStrength strength = random.Next(3) switch
            {
                0 => SmoothingStrength.Fixed(random.NextDouble()),
                1 => SmoothingStrength.Search([.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => random.NextDouble()).Order()]),
                _ => SmoothingStrength.Searched,
            };
            modifiers.Add(new SmoothingModifier(site, strength));
        }

        QuantizationScheme scheme = QuantizationSchemes.Parse(QuantizationSchemes.Names[random.Next(4)]);
        foreach (string module in scheme.Modules.Keys)
        {
            ModuleScheme args = new(AnyWeights(random, module), module == "embeddings" ? null : AnyActivation(random));
            scheme = scheme with
            {
                Modules = args == new ModuleScheme(null, null) ? scheme.Modules.Remove(module) : scheme.Modules.SetItem(module, args),
            };
        }

        modifiers.Add(new QuantizationModifier(scheme, random.Next(2) == 0));
        if (random.Next(2) == 0)
        {
            modifiers.Add(new GptqModifier(random.Next(1, 300), random.NextDouble(), random.Next(2) == 0, random.Next(2) == 0, random.Next(2, 9)));
        }

        string[] names = ["plain", "with space", "\"quoted\" \\ back", "ünï: #", "true", "-", "0.5"];
        return new Recipe(names[random.Next(names.Length)], [.. modifiers.OrderBy(_ => random.Next())]);
    }

    private static QuantizationArgs? AnyWeights(Random random, string module)
    {
        QuantizationStrategy strategy = (QuantizationStrategy)random.Next(module == "conv1d" ? 2 : 3);
        return random.Next(4) == 0 ? null : AnyRange(random) with
        {
            Strategy = strategy,
            GroupSize = strategy == QuantizationStrategy.Group ? random.Next(2, 300) : 0,
        };
    }

    private static QuantizationArgs? AnyActivation(Random random)
    {
        bool dynamic = random.Next(2) == 0;
        return random.Next(4) == 0 ? null : AnyRange(random) with
        {
            Strategy = dynamic ? QuantizationStrategy.Token : QuantizationStrategy.Tensor,
            Dynamic = dynamic,
        };
    }

    private static QuantizationArgs AnyRange(Random random) => new()
    {
        Bits = random.Next(2, 9),
        Symmetric = random.Next(2) == 0,
        Range = (RangeEstimator)random.Next(3),
        Percentile = 0.5 + (0.5 * (1 - random.NextDouble())),
    };
}
