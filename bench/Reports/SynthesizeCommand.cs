using System.CommandLine;
using MambaQuant.Quant.Models;

namespace MambaQuant.Reports;

/// <summary>Writes a synthetic checkpoint with the shape of a published model.</summary>
internal static class SynthesizeCommand
{
    private static readonly Argument<DirectoryInfo> Folder = new("folder") { Description = "folder to make" };
    private static readonly Option<string> Size = new("--size") { DefaultValueFactory = _ => "2.8b" };
    private static readonly Option<int?> Layers = new("--layers") { Description = "fewer layers than the published model: memory is that of one layer, time is not" };
    private static readonly Option<int?> Vocabulary = new("--vocabulary") { Description = "rows of the embedding table; those of the published model unless given" };
    private static readonly Option<FileInfo?> Tokenizer = new("--tokenizer") { Description = "tokenizer.json to put beside it" };
    private static readonly Option<ulong> Seed = new("--seed");

    /// <summary>The command.</summary>
    public static Command Create()
    {
        Size.AcceptOnlyFromAmong([.. PublishedModels.All.Select(model => model.Size)]);
        var command = new Command("synthesize", "Writes a checkpoint of random weights with the shape of a published model.") { Folder, Size, Layers, Vocabulary, Tokenizer, Seed };
        command.SetAction(parsed =>
        {
            string folder = parsed.GetValue(Folder)!.FullName;
            MambaConfig config = PublishedModels.Find(parsed.GetValue(Size)!)!.Config;
            config = config with { VocabularySize = parsed.GetValue(Vocabulary) ?? config.VocabularySize, LayerCount = parsed.GetValue(Layers) ?? config.LayerCount };
            SyntheticCheckpoint.Write(folder, config, parsed.GetValue(Seed));
            if (parsed.GetValue(Tokenizer) is { } tokenizer)
            {
                File.Copy(tokenizer.FullName, Path.Combine(folder, "tokenizer.json"), overwrite: true);
            }
        });
        return command;
    }
}
