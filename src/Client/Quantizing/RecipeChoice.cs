using System.Text;
using System.Text.Unicode;
using MambaQuant.Client.Failures;
using MambaQuant.Quant.Recipes;

namespace MambaQuant.Client.Quantizing;

/// <summary>The recipes that the options of a command line stand for.</summary>
internal static class RecipeChoice
{
    /// <summary>Resolves presets or a recipe file.</summary>
    /// <param name="presets">Names of presets; empty where none was given.</param>
    /// <param name="file">A recipe file, or null.</param>
    /// <param name="scheme">The scheme, or null where none was given.</param>
    /// <param name="strict">Whether the strict form of the scheme is meant.</param>
    /// <exception cref="UsageException">Options exclude each other.</exception>
    /// <exception cref="InvalidRecipeException">The file is not valid.</exception>
    public static IReadOnlyList<Recipe> Resolve(IReadOnlyList<string> presets, string? file, string? scheme, bool strict)
    {
        if (file is null)
        {
            IReadOnlyList<string> names = presets.Count == 0 ? [RecipePresets.MambaQuant] : presets;
            return [.. names.Select(name => RecipePresets.Get(name, scheme ?? RecipePresets.DefaultScheme, strict))];
        }

        if (presets.Count > 0)
        {
            throw new UsageException("--preset and --recipe exclude each other; give one of them");
        }

        if (scheme is not null || strict)
        {
            throw new UsageException("a recipe file names its own scheme; give --scheme and --strict with --preset only");
        }

        return [RecipeReader.Read(ReadText(file), file)];
    }

    private static string ReadText(string file)
    {
        byte[] bytes = File.ReadAllBytes(file);
        return Utf8.IsValid(bytes)
            ? Encoding.UTF8.GetString(bytes).TrimStart('\uFEFF')
            : throw new InvalidRecipeException($"{file}: expected UTF-8 text, found other bytes; save the recipe as UTF-8");
    }
}
