using MambaQuant.Pipeline.Planning;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Datasets;
using MambaQuant.Quant.Method;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Recipes;

namespace MambaQuant.Pipeline.Local;

/// <summary>Which text calibrates.</summary>
public sealed record CalibrationOptions
{
    /// <summary>A text file, a JSON-lines file, or "self" for sequences sampled from the float model itself.</summary>
    /// <value>"self" by default.</value>
    public string Source { get; init; } = SelfSource;

    /// <summary>Number of sequences.</summary>
    /// <value>64 by default; at least 2.</value>
    public int Samples { get; init; } = 64;

    /// <summary>Tokens per sequence.</summary>
    /// <value>512 by default; at least 2.</value>
    public int SequenceLength { get; init; } = 512;

    /// <summary>Sequences whose activations are kept for the smoothing search, half for ranges, half for errors.</summary>
    /// <value>8 by default; at least 2. At most <see cref="Samples"/> are used.</value>
    public int SearchSamples { get; init; } = 8;

    /// <summary>Seed of every random choice of a run.</summary>
    /// <value>0 by default.</value>
    public ulong Seed { get; init; }

    /// <summary>The tokenizer's file in a model folder.</summary>
    public const string TokenizerFile = "tokenizer.json";

    /// <summary>The source that needs no text.</summary>
    public const string SelfSource = "self";

    /// <summary>Tokens of the longest sequences that a recipe can be calibrated on.</summary>
    /// <param name="config">The model's dimensions.</param>
    /// <param name="recipe">A valid recipe; where it searches, the searched sequences are held in one tensor.</param>
    public int LongestSequence(MambaConfig config, Recipe recipe)
    {
        ArgumentNullException.ThrowIfNull(config);
        return HiddenStates.LongestSequence(config.DModel, Math.Max(1, SearchedBy(recipe)));
    }

    /// <summary>Sequences that a recipe's search keeps; 0 where it searches nothing.</summary>
    /// <param name="recipe">A valid recipe.</param>
    internal int SearchedBy(Recipe recipe)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        return recipe.Smoothings.Any(smoothing => smoothing.Strength.IsSearched) ? Math.Min(SearchSamples, Samples) : 0;
    }

    /// <summary>What these options stand for, as far as results depend on it.</summary>
    /// <param name="modelPath">Folder of the float checkpoint, which holds the tokenizer.</param>
    /// <param name="sequences">Sequences that were made before; null where the job makes its own.</param>
    /// <remarks>Cost: reads the text and the tokenizer once, to hash them.</remarks>
    internal CalibrationIdentity Identify(string modelPath, CalibrationSet? sequences)
    {
        bool readsText = sequences is null && Source != SelfSource;
        return new CalibrationIdentity
        {
            Source = sequences?.Source ?? (readsText ? Path.GetFileName(Source) : SelfSource),
            Text = readsText ? ContentHash.OfFile(Source) : null,
            Tokenizer = readsText || (sequences is not null && Source != SelfSource) ? ContentHash.OfFile(Path.Combine(modelPath, TokenizerFile)) : null,
            Tokens = sequences?.Sha256,
            Samples = sequences?.Sequences.Count ?? Samples,
            SequenceLength = sequences?.SequenceLength ?? SequenceLength,
            SearchSamples = SearchSamples,
            Seed = Seed,
        };
    }

    /// <summary>Refuses numbers with which nothing can be calibrated.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A number is below 2.</exception>
    internal void ThrowIfInvalid()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Samples, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(SequenceLength, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(SearchSamples, 2);
    }
}
