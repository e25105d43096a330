using System.Text;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Recipes;
using Xunit;

namespace MambaQuant.Quant.Tests.Recipes;

public sealed class RecipeReaderTests
{
    private const string Full = """
        name: mambaquant
        modifiers:
          - KltRotation: { site: ResidualStream, centered: true }
          - KltRotation: { site: TimeStepRank, centered: false }
          - Smoothing: { site: GateToOutProj, alpha: search }        # or alpha: 0.5
          - Smoothing: { site: InProjToConv, alpha: 0.5 }
          - Smoothing: { site: ScanState, alpha: search, grid: [0.25, 0.75] }
          - HadamardRotation: { site: OutProjInput }
          - Quantization:
              scheme: W4A8
              strict: false
              ranges: { inputs: minmax }
              overrides:
                in_proj: { weights: { bits: 3, group_size: 64 }, input: { bits: 7, dynamic: true } }
                x_proj: { weights: none }
                conv1d: none
                dt_proj: { input: { symmetric: false, range: percentile, percentile: 0.999 } }
                scan_state: { bits: 4 }
                scan_output: { dynamic: true }
          - Gptq: { block_size: 64, damping: 0.05 }
        """;

    [Fact]
    public void Recipe_IsReadAsWritten()
    {
        Recipe recipe = RecipeReader.Read(Full, "full.yaml");

        Assert.Equal("mambaquant", recipe.Name);
        Modifier[] expected =
        [
            new KltRotationModifier(RotationSite.ResidualStream),
            new KltRotationModifier(RotationSite.TimeStepRank, Centered: false),
            new SmoothingModifier(SmoothingSite.GateToOutProj, SmoothingStrength.Searched),
            new SmoothingModifier(SmoothingSite.InProjToConv, SmoothingStrength.Fixed(0.5)),
            new SmoothingModifier(SmoothingSite.ScanState, SmoothingStrength.Search(0.25, 0.75)),
            new HadamardRotationModifier(RotationSite.OutProjInput),
            recipe.Quantization!,
            new GptqModifier(64, 0.05),
        ];
        Assert.Equal(expected, recipe.Modifiers.ToArray());
        QuantizationScheme scheme = recipe.Quantization!.Scheme;
        QuantizationScheme plain = QuantizationSchemes.Parse("W4A8", ranges: RangeChoices.Preset with { Inputs = RangeEstimator.MinMax });
        Assert.Equal(plain.Find("in_proj")!.Weights! with { Bits = 3, GroupSize = 64 }, scheme.Find("in_proj")!.Weights);
        Assert.Equal(
            plain.Find("in_proj")!.Input! with { Bits = 7, Dynamic = true, Strategy = QuantizationStrategy.Token }, scheme.Find("in_proj")!.Input);
        Assert.Equal(new ModuleScheme(null, plain.Find("x_proj")!.Input), scheme.Find("x_proj"));
        Assert.Null(scheme.Find("conv1d"));
        Assert.Equal(
            plain.Find("dt_proj")!.Input! with { Symmetric = false, Range = RangeEstimator.Percentile, Percentile = 0.999 },
            scheme.Find("dt_proj")!.Input);
        Assert.Equal(plain.ScanState! with { Bits = 4 }, scheme.ScanState);
        Assert.Equal(plain.ScanOutput! with { Dynamic = true, Strategy = QuantizationStrategy.Token }, scheme.ScanOutput);
        Assert.Equal(plain.Find("out_proj"), scheme.Find("out_proj"));
    }

    [Theory]
    [InlineData("modifiers:\n  - KltRotation: { site: ResidualStream, centred: true }", 2, "unknown key 'centred'; did you mean 'centered'?")]
    [InlineData("modifiers:\n  - KltRotatoin: { site: ResidualStream }", 2, "did you mean 'KltRotation'?")]
    [InlineData("modifiers:\n\n  - HadamardRotation: { site: XProj }", 3, "unknown site 'XProj'")]
    [InlineData("modifiers:\n  - HadamardRotation: { site: xprojinput }", 2, "did you mean 'XProjInput'?")]
    [InlineData("modifiers:\n  - HadamardRotation:", 2, "'site' is missing")]
    [InlineData("modifiers:\n  - KltRotation: { site: ResidualStream, centered: yes }", 2, "'centered': expected true or false, found 'yes'")]
    [InlineData("modifiers:\n  - Smoothing: { site: ScanState, alpha: 1.5 }", 2, "'alpha': expected a number of 0 to 1, found '1.5'")]
    [InlineData("modifiers:\n  - Smoothing: { site: ScanState, alpha: '0.5' }", 2, "'alpha': expected a number")]
    [InlineData("modifiers:\n  - Smoothing: { site: ScanState, alpha: 0.5, grid: [0] }", 2, "a grid goes with alpha: search")]
    [InlineData("modifiers:\n  - Smoothing: { site: ScanState, alpha: search, grid: [0, .nan] }", 2, "found '.nan'")]
    [InlineData("modifiers:\n  - Smoothing: { site: ScanState, site: ScanState }", 2, "key 'site' stands here again")]
    [InlineData("modifiers:\n  - Gptq: { block_size: 0 }", 2, "'block_size': expected a whole number of 1 to")]
    [InlineData("modifiers:\n  - Gptq: { damping: 0 }", 2, "'damping': expected a number")]
    [InlineData("modifiers:\n  - Gptq: { block_size: [1] }", 2, "found a list")]
    [InlineData("modifiers:\n  - Quantization: { scheme: W8B8 }", 2, "scheme 'W8B8' is not known")]
    [InlineData("modifiers:\n  - Quantization: { }", 2, "'scheme' is missing")]
    [InlineData("modifiers:\n  - Quantization: { scheme: W8A8, overrides: { inproj: none } }", 2, "unknown key 'inproj'; did you mean 'in_proj'?")]
    [InlineData("modifiers:\n  - Quantization: { scheme: W8A8, overrides: { embeddings: { input: { bits: 8 } } } }", 2, "unknown key 'input'")]
    [InlineData("modifiers:\n  - Quantization: { scheme: W8A8, overrides: { x_proj: { input: { bits: 9 } } } }", 2, "expected a whole number of 2 to 8")]
    [InlineData("modifiers:\n  - Quantization: { scheme: W8A16, overrides: { x_proj: { input: { range: mse } } } }", 2, "'bits' is missing")]
    [InlineData("modifiers:\n  - Quantization: { scheme: W8A8, overrides: { x_proj: { input: { strategy: token, dynamic: false } } } }", 2, "token static")]
    [InlineData("modifiers:\n  - Quantization: { scheme: W8A8, ignore: [lm_hed] }", 2, "did you mean 'lm_head'?")]
    [InlineData("modifiers:\n  - Quantization: { scheme: W8A8, ignore: 're:(' }", 2, "cannot be used")]
    [InlineData("modifiers:\n  - Quantization: { scheme: W8A8, ignore: 're:.*layers.3..*' }", 2, "in some layers only")]
    [InlineData("modifiers:\n  - Quantization: { scheme: W8A8, ignore: 're:attention' }", 2, "matches no module")]
    [InlineData("modifiers:\n  - Quantization: { scheme: W8A8, overrides: { scan_state: none } }", 2, "both or neither")]
    [InlineData("modifiers: [KltRotation]", 1, "one modifier an item")]
    [InlineData("modifiers: KltRotation", 1, "expected a list")]
    [InlineData("modifiers:\n  - KltRotation: { site: OutProjInput }\n  - Quantization: { scheme: W8A8 }", 2, "only ResidualStream and TimeStepRank")]
    [InlineData("modifiers:\n  - Quantization: { scheme: W8A8 }\n  - Quantization: { scheme: W4A8 }", 3, "twice")]
    [InlineData("name: x", 1, "no Quantization")]
    [InlineData("nam: x", 1, "unknown key 'nam'; did you mean 'name'?")]
    [InlineData("", 1, "the file is empty")]
    [InlineData("# only a comment", 1, "the file is empty")]
    [InlineData("word", 1, "expected a mapping")]
    [InlineData("name: a\n---\nname: b", 2, "second document")]
    [InlineData("name: &a x", 1, "anchors, aliases and tags")]
    [InlineData("name: !!str x", 1, "anchors, aliases and tags")]
    [InlineData("name: *a", 1, "anchors, aliases and tags")]
    [InlineData("name: {", 1, "not valid YAML")]
    [InlineData("name: \"\\ud800\\ud800\"", 1, "not valid YAML")]
    [InlineData("name: a\n\tmodifiers: []", 2, "not valid YAML")]
    [InlineData("? [a, b]\n: c", 1, "a key must be a word")]
    [InlineData("quant_stage:\n  quant_modifiers:\n    SmoothQuantModifier: { strength: 0.5 }", 3, "unknown key 'strength' (known: smoothing_strength)")]
    [InlineData("quant_stage:\n  quant_modifiers:\n    AWQModifier: { scheme: W4A16 }", 3, "unknown modifier 'AWQModifier'")]
    public void Mistake_IsNamedWithItsLine(string text, int line, string message)
    {
        InvalidRecipeException refused = Assert.Throws<InvalidRecipeException>(() => RecipeReader.Read(text, "recipe.yaml"));

        Assert.Contains(refused.Problems, problem => problem.Line == line && problem.Message.Contains(message, StringComparison.Ordinal));
        Assert.Contains($"recipe.yaml, line {line}: ", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AllMistakes_AreReportedAtOnceInTheOrderOfLines()
    {
        const string Text = "nam: x\nmodifiers:\n  - Gptq: { blocksize: 1, damping: x }\n  - Smoothing: { alpha: 2 }\n";
        InvalidRecipeException refused = Assert.Throws<InvalidRecipeException>(() => RecipeReader.Read(Text, "r"));

        Assert.Equal([1, 3, 3, 4, 4], refused.Problems.Select(problem => problem.Line));
    }

    [Fact]
    public void DeepNesting_IsRefused()
    {
        string text = "name: " + new string('[', 5000);

        Assert.Contains("nested deeper", Assert.Throws<InvalidRecipeException>(() => RecipeReader.Read(text, "r")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LongText_IsRefused() => Assert.Contains(
        "characters", Assert.Throws<InvalidRecipeException>(() => RecipeReader.Read(new string('#', 2_000_000), "r")).Message, StringComparison.Ordinal);

    [Fact]
    public void CompressorForm_IsUnderstood()
    {
        const string Text = """
            quant_stage:
              quant_modifiers:
                SmoothQuantModifier: {smoothing_strength: 0.8}
                GPTQModifier:
                  targets: [Linear]
                  scheme: W8A8
                  ignore: [lm_head, "re:.*dt_proj"]
                  dampening_frac: 0.1
                  block_size: 64
            """;
        Recipe recipe = RecipeReader.Read(Text, "recipe.yaml");

        Assert.Equal(new SmoothingModifier(SmoothingSite.NormToInProj, SmoothingStrength.Fixed(0.8)), recipe.Modifiers[0]);
        Assert.Equal(new GptqModifier(64, 0.1, MaximumBits: 8), recipe.Gptq);
        Assert.Equal(["in_proj", "out_proj", "x_proj"], recipe.Quantization!.Scheme.Modules.Keys);
        Assert.Null(recipe.Quantization.Scheme.ScanState);
    }

    [Fact]
    public void TargetsAndIgnore_ChooseWhatIsQuantized()
    {
        const string Text = """
            name: chosen
            modifiers:
              - Quantization: { scheme: W8A8, targets: [Linear, Conv1d, scan_state, scan_output], ignore: ["re:.*mixer\\.x_.*", lm_head] }
            """;
        QuantizationScheme scheme = RecipeReader.Read(Text, "r").Quantization!.Scheme;

        Assert.Equal(["conv1d", "dt_proj", "in_proj", "out_proj"], scheme.Modules.Keys);
        Assert.NotNull(scheme.ScanState);
    }

    [Fact]
    public void RandomDamage_IsAlwaysARecipeExceptionOrARecipe()
    {
        const string Alphabet = "abz019 \n\n:::--[]{}{},,'\"#&*!|>?%@`\t~_\\é\0";
        var random = new Random(20260);
        int refused = 0;
        for (int round = 0; round < 1000; round++)
        {
            var text = new StringBuilder(round % 4 == 0 ? string.Empty : Full);
            int edits = random.Next(1, 12);
            for (int i = 0; i < edits; i++)
            {
                int at = random.Next(text.Length + 1);
                if (random.Next(2) == 0 && at < text.Length)
                {
                    text.Remove(at, Math.Min(random.Next(1, 20), text.Length - at));
                }
                else
                {
                    text.Insert(at, Alphabet[random.Next(Alphabet.Length)]);
                }
            }

            try
            {
                Recipe read = RecipeReader.Read(text.ToString(), "fuzz");
                Assert.Empty(RecipeValidator.Problems(read));
            }
            catch (InvalidRecipeException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 500, 1000);
    }
}
