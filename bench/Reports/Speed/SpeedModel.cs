using System.Globalization;
using MambaQuant.Quant.Models;

namespace MambaQuant.Reports.Speed;

/// <summary>A model and what was made of it, in the order of the table.</summary>
/// <param name="Name">For the table.</param>
/// <param name="Variants">Folders by what they compute in; the float model first.</param>
internal sealed record SpeedModel(string Name, IReadOnlyList<(string Name, string Folder)> Variants)
{
    /// <summary>What the aims compare with.</summary>
    public const string Float = "float";

    private static readonly string[] Schemes = ["W8A8", "W4A8"];

    /// <summary>Quantizes a model by the default preset, with little calibration: how long a product takes does not depend on its codes.</summary>
    /// <param name="name">For the table.</param>
    /// <param name="model">Folder of the float model.</param>
    /// <param name="work">Folder for the results; what an earlier call made is used again.</param>
    public static SpeedModel Prepare(string name, string model, string work) => new(
        name,
        [
            (Float, model),
            .. Schemes.Select(scheme =>
            {
                string output = Path.Combine(work, $"{name}-{scheme}");
                MemoryRun.Measure(Path.Combine(ProgramFile.Root(), "mambaquant"), model, new MemoryCase("mambaquant", scheme, null), ["--samples", "4", "--seq-len", "64"], output);
                return (scheme, output);
            }),
        ]);

    /// <summary>A model of random weights with a published shape.</summary>
    /// <param name="size">The published model's size.</param>
    /// <param name="vocabulary">Rows of the embedding table.</param>
    /// <param name="layers">Fewer layers; null for as many as the published model has.</param>
    /// <param name="tokenizer">File to put beside the weights.</param>
    /// <param name="work">Folder to make it in; what an earlier call made is used again.</param>
    /// <returns>Its folder.</returns>
    public static string Synthesize(string size, int vocabulary, int? layers, string tokenizer, string work)
    {
        string folder = Path.Combine(work, string.Create(CultureInfo.InvariantCulture, $"mamba-{size}-{vocabulary}{(layers is null ? string.Empty : $"-{layers}-layers")}"));
        string copy = Path.Combine(folder, "tokenizer.json");
        if (!File.Exists(copy))
        {
            MambaConfig config = PublishedModels.Find(size)!.Config;
            SyntheticCheckpoint.Write(folder, config with { VocabularySize = vocabulary, LayerCount = layers ?? config.LayerCount }, seed: 0);
            File.Copy(tokenizer, copy);
        }

        return folder;
    }
}
