using MambaQuant.Quant.Recipes;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Quant.Tests.Recipes;

/// <summary>A damaged recipe is read or refused, never anything else; what is read can be written and read again.</summary>
public sealed class RecipeReaderFuzzTests
{
    private const string Short = """
        name: short
        modifiers:
          - KltRotation: { site: ResidualStream, centered: true }
          - Smoothing: { site: GateToOutProj, alpha: search, grid: [0.25, 0.75] }
          - HadamardRotation: { site: OutProjInput }
          - Quantization: { scheme: W4A8, overrides: { x_proj: { weights: { bits: 4 } }, conv1d: none } }
          - Gptq: { block_size: 128, damping: 0.01 }

        """;

    private const string Compressor = """
        quant_stage:
          quant_modifiers:
            SmoothQuantModifier: { smoothing_strength: 0.8 }
            GPTQModifier:
              targets: [Linear]
              scheme: W4A16
              ignore: [lm_head, "re:.*conv1d.*"]

        """;

    public static TheoryData<string> Recipes => [Short, Compressor, RecipeWriter.Write(RecipePresets.Get(RecipePresets.MambaQuant, "W4A8"))];

    [Theory]
    [MemberData(nameof(Recipes))]
    public void DamagedRecipe_IsReadOrRefused(string good)
    {
        var run = new FuzzRun("damaged.yaml", typeof(InvalidRecipeException));
        run.Repeat(250, seed: good.Length, random => Damaged(good, random), text =>
        {
            Recipe recipe = RecipeReader.Read(text, "damaged.yaml");
            Assert.Equal(RecipeWriter.Write(recipe), RecipeWriter.Write(RecipeReader.Read(RecipeWriter.Write(recipe), "written.yaml")));
        });
        Assert.True(run.Refused > 100 && run.Read > 10, $"{run.Refused} refused, {run.Read} read: the damage is too large or too small to tell anything");
    }

    private static string Damaged(string good, Random random)
    {
        string text = random.Next(3) == 0 ? WithMovedLine(good, random) : TextMutation.Mutate(good, random);
        return random.Next(2) == 0 || text.Length == 0 ? text : TextMutation.Mutate(text, random);
    }

    /// <summary>A line once more, or gone, or further in.</summary>
    private static string WithMovedLine(string good, Random random)
    {
        List<string> lines = [.. good.Split('\n')];
        int at = random.Next(lines.Count);
        switch (random.Next(3))
        {
            case 0:
                lines.RemoveAt(at);
                break;
            case 1:
                lines.Insert(random.Next(lines.Count), lines[at]);
                break;
            default:
                lines[at] = new string(' ', random.Next(1, 5)) + lines[at];
                break;
        }

        return string.Join('\n', lines);
    }
}
