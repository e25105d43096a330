using System.Numerics;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Recipes;

namespace MambaQuant.Pipeline.Planning;

/// <summary>Chooses how many blocks and shards a pass is cut into: operations weighed against bytes through the store.</summary>
/// <remarks>
/// A pure function of dimensions, numbers of sequences and tokens, rotations, whether the recipe has GPTQ at all, and options. It reads no
/// machine, no number of workers, and no scheme: else two schemes would cut the same first pass differently and share nothing.
/// <code>
/// shards, as many as are worth it, a power of two:
///   each computes at least 4 times longer than its statistics take to be stored and read again
///   both passes compute at least 4 times longer than each shard takes to fold the rotation into the weights again
///   each has 2·10¹¹ operations (seconds on a processor) and 2,048 tokens (what runs at once) or more
///   at most 1,024; but 8 in any case, where each has 10¹² operations and less than 512 MiB of statistics: small machines
///   have several workers too; and at least as many as keep a shard's hidden states below a quarter of the memory budget
/// blocks, so that blocks · shards reaches 1,024 (four for each of 256 workers), where that is worth it:
///   each computes at least 4 times longer than its boundary (tokens · d_model · 4 bytes) takes to be stored and read again
///   each has 2·10¹¹ operations or more; at most 4: the blocks of a shard follow each other, so that more of them only cost boundaries
/// </code>
/// So light statistics give many shards and one block: every worker streams all layers. Heavy ones (GPTQ: a layer of 2.8 billion
/// weights has 130 MB of second moments and more) give few shards, and blocks instead: items stay short, workers keep
/// their layers. Time for a byte: 2,500 operations, as of a worker that computes 5·10¹² a second beside a store of 2 GB/s.
/// </remarks>
public static class GridRule
{
    /// <summary>Operations in the time in which one byte goes through the store.</summary>
    public const double OperationsPerByte = 2_500;

    /// <summary>How much longer an item computes than its bytes take.</summary>
    public const double Worth = 4;

    internal const double SmallestItem = 2e11;
    internal const double LongItem = 1e12;
    private const double SmallStatistics = 512L << 20;
    internal const int FewShards = 8;
    internal const int TokensAtOnce = 2048;
    internal const int MostShards = 1024;
    private const int EnoughItems = 1024;
    private const int MostBlocks = 4;

    /// <summary>Chooses.</summary>
    /// <param name="recipe">The recipe; its rotation of the residual stream and whether it has GPTQ are read.</param>
    /// <param name="config">The model's dimensions.</param>
    /// <param name="calibration">Numbers of sequences and tokens.</param>
    /// <param name="options">What the user sets.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option lies outside its range; the message says which.</exception>
    public static WorkGrid Choose(Recipe recipe, MambaConfig config, CalibrationIdentity calibration, PlanOptions options)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(calibration);
        ArgumentNullException.ThrowIfNull(options);
        RequireRange(options.Shards, calibration.Samples, "--shards", "sequences");
        RequireRange(options.Blocks, config.LayerCount, "--blocks", "layers");
        bool hasMoments = recipe.Gptq is { Sequential: false };
        bool foldsDense = recipe.KltAt(RotationSite.ResidualStream) is not null;
        double perToken = config.LayerCount * (ModelOperations.ForwardLayer(config) + (hasMoments ? MomentOperations(config) : 0));
        double pass = perToken * calibration.TokenCount;
        int shards = options.Shards ?? Shards(config, calibration, options, pass, hasMoments, foldsDense);
        int blocks = options.Blocks ?? (recipe.Gptq is { Sequential: true } ? 1 : Blocks(config, calibration, pass, shards));
        return new WorkGrid(config.LayerCount, calibration.Samples, blocks, shards);
    }

    private static int Shards(
        MambaConfig config, CalibrationIdentity calibration, PlanOptions options, double pass, bool hasMoments, bool foldsDense)
    {
        double bytes = (config.LayerCount * (ModelOperations.RangeBytes(config) + (hasMoments ? MomentBytes(config) : 0.0)))
            + (foldsDense ? ModelOperations.SecondMomentBytes(config.DModel) : 0.0);
        double forStatistics = pass / (Worth * OperationsPerByte * 2 * bytes);
        double forFolding = foldsDense ? 2 * pass / (Worth * config.LayerCount * ModelOperations.FoldLayer(config)) : double.PositiveInfinity;
        double forSize = Math.Min(pass / SmallestItem, (double)calibration.TokenCount / TokensAtOnce);
        double worth = Math.Min(Math.Min(forStatistics, forFolding), Math.Min(forSize, MostShards));
        double anyway = bytes < SmallStatistics ? Math.Min(FewShards, Math.Min(pass / LongItem, forSize)) : 1;
        double forMemory = (double)calibration.TokenCount * ModelOperations.HiddenBytes(config) / (options.MemoryBytes / 4.0);
        uint chosen = Math.Max(PowerBelow(Math.Max(worth, anyway)), forMemory > 1 ? BitOperations.RoundUpToPowerOf2((uint)Math.Ceiling(Math.Min(forMemory, int.MaxValue))) : 1);
        return (int)Math.Min(chosen, (uint)calibration.Samples);
    }

    private static int Blocks(MambaConfig config, CalibrationIdentity calibration, double pass, int shards)
    {
        double boundary = (double)calibration.TokenCount / shards * ModelOperations.HiddenBytes(config);
        double forBoundary = pass / shards / (Worth * OperationsPerByte * 2 * boundary);
        double forSize = pass / shards / SmallestItem;
        double wanted = Math.Ceiling((double)EnoughItems / shards);
        double blocks = Math.Min(Math.Min(wanted, MostBlocks), Math.Min(Math.Min(forBoundary, forSize), config.LayerCount));
        return (int)Math.Max(1, Math.Floor(blocks));
    }

    /// <summary>The two largest that the documented schemes read: of the residual stream and of out_proj's input.</summary>
    private static double MomentOperations(MambaConfig config) =>
        ModelOperations.SecondMoment(config.DModel) + ModelOperations.SecondMoment(config.DInner);

    private static double MomentBytes(MambaConfig config) =>
        (double)ModelOperations.SecondMomentBytes(config.DModel) + ModelOperations.SecondMomentBytes(config.DInner);

    internal static uint PowerBelow(double value) => value < 2 ? 1 : 1u << BitOperations.Log2((uint)Math.Min(value, MostShards));

    private static void RequireRange(int? value, int most, string option, string unit)
    {
        if (value is { } set && (set < 1 || set > most))
        {
            throw new ArgumentOutOfRangeException(option, set, $"expected 1 to {most}, the number of {unit}");
        }
    }
}
