using System.Collections.Immutable;
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
        return Of(
            context, HashesOf(context.Checkpoint), calibration, searchSamples, seed, tokenizerFile is null ? null : ContentHash.OfFile(tokenizerFile));
    }

    /// <summary>The SHA-256 of a model's weight files and of its config.json, by file name.</summary>
    /// <param name="checkpoint">The model.</param>
    /// <remarks>Cost: reads the model's files once.</remarks>
    public static ImmutableSortedDictionary<string, string> HashesOf(MambaCheckpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        return ContentHash.OfModel(
            checkpoint.Tensors.Files.Select(file => file.Path),
            Path.Combine(checkpoint.Directory, MambaConfigReader.FileName)).ToImmutableSortedDictionary(StringComparer.Ordinal);
    }

    /// <summary>The manifest of a model whose hashes are known.</summary>
    /// <param name="context">Backend, model, recipe.</param>
    /// <param name="model">What <see cref="HashesOf"/> gave.</param>
    /// <param name="calibration">The sequences; null where nothing was calibrated.</param>
    /// <param name="searchSamples">Sequences that a smoothing search saw; 0 where nothing was searched.</param>
    /// <param name="seed">Seed of every random choice.</param>
    /// <param name="tokenizer">SHA-256 of the tokenizer that made the sequences from a text; null where none did.</param>
    public static RunManifest Of(
        MethodContext context,
        ImmutableSortedDictionary<string, string> model,
        CalibrationSet? calibration,
        int searchSamples,
        ulong seed,
        string? tokenizer)
    {
        ArgumentNullException.ThrowIfNull(context);
        return new RunManifest
        {
            Model = model,
            Tokenizer = tokenizer,
            CalibrationSource = calibration?.Source,
            CalibrationTokens = calibration?.Sha256,
            Samples = calibration?.Sequences.Count ?? 0,
            SequenceLength = calibration?.SequenceLength ?? 0,
            SearchSamples = searchSamples,
            Seed = seed,
            Recipe = ContentHash.OfText(RecipeWriter.Write(context.Recipe)),
            Profile = context.Kernels.Profile,
        };
    }
}
