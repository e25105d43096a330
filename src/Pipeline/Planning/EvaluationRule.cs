using System.Numerics;
using MambaQuant.Quant.Models;

namespace MambaQuant.Pipeline.Planning;

/// <summary>Chooses how many shards an evaluation is cut into.</summary>
/// <remarks>
/// A pure function of dimensions, tokens, windows and options: not of the scheme, so that all schemes of a model share what the float model
/// gave. The same prices as <see cref="GridRule"/>:
/// <code>
/// shards, as many as are worth it, a power of two:
///   each computes at least 4 times longer than the weights take to be read, two bytes each
///   each has 2·10¹¹ operations and 2,048 tokens or more; at most 1,024
///   but 8 in any case, where each has 10¹² operations
///   at least as many as keep a shard's hidden states below a quarter of the memory budget
/// </code>
/// </remarks>
public static class EvaluationRule
{
    /// <summary>Logits of one model that an item holds at once: 16 MB. No result depends on it.</summary>
    public const int LogitsAtOnce = 1 << 22;

    /// <summary>Tokens that an item runs at once: what a layer makes inside is several times larger than what it passes on. No result depends on it.</summary>
    public const int TokensAtOnce = 1024;

    private const int BytesPerWeight = 2;

    /// <summary>Operations of evaluating one token with one model: all layers, and the head.</summary>
    /// <param name="config">The model's dimensions.</param>
    public static double OperationsPerToken(MambaConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return (config.LayerCount * ModelOperations.ForwardLayer(config)) + ModelOperations.Head(config);
    }

    /// <summary>Chooses.</summary>
    /// <param name="config">The model's dimensions.</param>
    /// <param name="evaluation">The text.</param>
    /// <param name="options">What the user sets.</param>
    /// <exception cref="ArgumentOutOfRangeException">The text has no two tokens, or a number lies outside its range; the message says which.</exception>
    public static EvaluationGrid Choose(MambaConfig config, EvaluationIdentity evaluation, PlanOptions options)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(evaluation);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(evaluation.Tokens, 2, nameof(evaluation));
        ArgumentOutOfRangeException.ThrowIfLessThan(evaluation.WindowLength, 2, nameof(evaluation));
        int windows = evaluation.Windows;
        if (options.EvaluationShards is { } set && (set < 1 || set > windows))
        {
            throw new ArgumentOutOfRangeException(nameof(options), set, $"expected 1 to {windows} evaluation shards, the number of windows");
        }

        return new EvaluationGrid(evaluation.Tokens, evaluation.WindowLength, windows, options.EvaluationShards ?? Shards(config, evaluation, options));
    }

    private static int Shards(MambaConfig config, EvaluationIdentity evaluation, PlanOptions options)
    {
        double all = OperationsPerToken(config) * evaluation.Tokens;
        double weights = (config.LayerCount * ModelOperations.LayerWeights(config)) + ((double)config.VocabularySize * config.DModel);
        double forSize = Math.Min(all / GridRule.SmallestItem, (double)evaluation.Tokens / GridRule.TokensAtOnce);
        double worth = Math.Min(Math.Min(all / (GridRule.Worth * GridRule.OperationsPerByte * BytesPerWeight * weights), forSize), GridRule.MostShards);
        double anyway = Math.Min(GridRule.FewShards, Math.Min(all / GridRule.LongItem, forSize));
        double forMemory = evaluation.Tokens * ModelOperations.HiddenBytes(config) / (options.MemoryBytes / 4.0);
        uint chosen = Math.Max(
            GridRule.PowerBelow(Math.Max(worth, anyway)),
            forMemory > 1 ? BitOperations.RoundUpToPowerOf2((uint)Math.Ceiling(Math.Min(forMemory, int.MaxValue))) : 1);
        return (int)Math.Min(chosen, (uint)evaluation.Windows);
    }
}
