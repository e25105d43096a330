using System.Collections.Immutable;
using System.Runtime.InteropServices;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Datasets;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Recipes;

namespace MambaQuant.Quant.Method;

/// <summary>Puts down what a checkpoint is made from.</summary>
public static class RunManifests
{
    /// <summary>The manifest.</summary>
    /// <param name="context">Backend, model, recipe.</param>
    /// <param name="calibration">The sequences; null where nothing was calibrated.</param>
    /// <param name="searchSamples">Sequences that a smoothing search saw; 0 where nothing was searched.</param>
    /// <param name="seed">Seed of every random choice.</param>
    /// <param name="tokenizerFile">The tokenizer that made the sequences from a text; null where none did.</param>
    /// <remarks>Cost: reads the model's files once, to hash them.</remarks>
    public static RunManifest Of(MethodContext context, CalibrationSet? calibration, int searchSamples, ulong seed, string? tokenizerFile)
    {
        ArgumentNullException.ThrowIfNull(context);
        return new RunManifest
        {
            Model = ContentHash.OfModel(
                context.Checkpoint.Tensors.Files.Select(file => file.Path),
                Path.Combine(context.Checkpoint.Directory, MambaConfigReader.FileName)).ToImmutableSortedDictionary(StringComparer.Ordinal),
            Tokenizer = tokenizerFile is null ? null : ContentHash.OfFile(tokenizerFile),
            CalibrationSource = calibration?.Source,
            CalibrationTokens = calibration?.Sha256,
            Samples = calibration?.Sequences.Count ?? 0,
            SequenceLength = calibration?.SequenceLength ?? 0,
            SearchSamples = searchSamples,
            Seed = seed,
            Recipe = ContentHash.OfText(RecipeWriter.Write(context.Recipe)),
            Profile = context.Kernels.Profile,
            Versions = Versions(),
        };
    }

    /// <summary>Versions that can change a bit of the result.</summary>
    private static ImmutableSortedDictionary<string, string> Versions() => ImmutableSortedDictionary.CreateRange(
        StringComparer.Ordinal,
        [
            KeyValuePair.Create("mambaquant", typeof(RunManifests).Assembly.GetName().Version!.ToString(3)),
            KeyValuePair.Create("runtime", RuntimeInformation.FrameworkDescription),
        ]);
}
