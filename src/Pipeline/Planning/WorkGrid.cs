using System.Collections.Immutable;
using MambaQuant.Quant.Method;

namespace MambaQuant.Pipeline.Planning;

/// <summary>How the passes over a model are cut: blocks of layers times shards of the sequences.</summary>
/// <param name="Layers">Layers of the model.</param>
/// <param name="Samples">Calibration sequences.</param>
/// <param name="Blocks">Blocks of neighbouring layers, as equal as can be.</param>
/// <param name="Shards">Shards of neighbouring sequences, as equal as can be.</param>
public sealed record WorkGrid(int Layers, int Samples, int Blocks, int Shards)
{
    /// <summary>The layers of a block.</summary>
    /// <param name="block">Index of the block.</param>
    public (int First, int Count) Block(int block) => CalibrationShards.Range(Layers, Blocks, block);

    /// <summary>The sequences of a shard.</summary>
    /// <param name="shard">Index of the shard.</param>
    public (int First, int Count) Shard(int shard) => CalibrationShards.Range(Samples, Shards, shard);

    /// <summary>The block that a layer lies in; the ends lie in the last.</summary>
    /// <param name="layer">Index of the layer; the number of layers for the ends.</param>
    public int BlockOf(int layer)
    {
        int block = (int)((long)Math.Min(layer, Layers - 1) * Blocks / Layers);
        while (layer < Layers && Block(block) is var (first, count) && layer >= first + count)
        {
            block++;
        }

        return block;
    }

    /// <summary>Shards that hold some of the first sequences.</summary>
    /// <param name="samples">How many sequences.</param>
    public ImmutableArray<int> ShardsOfFirst(int samples) => [.. Enumerable.Range(0, Shards).TakeWhile(shard => Shard(shard).First < samples)];

    /// <summary>Sequences of a shard that are among the first ones.</summary>
    /// <param name="shard">Index of the shard.</param>
    /// <param name="samples">How many sequences are the first ones.</param>
    public int CountOfFirst(int shard, int samples)
    {
        (int first, int count) = Shard(shard);
        return Math.Clamp(samples - first, 0, count);
    }
}
