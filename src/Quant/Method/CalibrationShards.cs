using MambaQuant.Quant.Datasets;

namespace MambaQuant.Quant.Method;

/// <summary>How calibration sequences are dealt out to shards: runs of neighbours whose lengths differ by one at most.</summary>
public static class CalibrationShards
{
    /// <summary>The sequences of a shard.</summary>
    /// <param name="sequences">Sequences in all.</param>
    /// <param name="shards">Shards in all, at most as many.</param>
    /// <param name="shard">The shard.</param>
    /// <exception cref="ArgumentOutOfRangeException">A shard would be empty, or there is no such shard.</exception>
    public static (int First, int Count) Range(int sequences, int shards, int shard)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(shards, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(shards, sequences);
        ArgumentOutOfRangeException.ThrowIfNegative(shard);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(shard, shards);
        int first = Start(shard);
        return (first, Start(shard + 1) - first);

        int Start(int index) => (int)((long)sequences * index / shards);
    }

    /// <summary>The sequences of a shard as a set of their own.</summary>
    /// <param name="calibration">All sequences.</param>
    /// <param name="shards">Shards in all, at most as many as sequences.</param>
    /// <param name="shard">The shard.</param>
    /// <exception cref="ArgumentOutOfRangeException">A shard would be empty, or there is no such shard.</exception>
    public static CalibrationSet Slice(CalibrationSet calibration, int shards, int shard)
    {
        ArgumentNullException.ThrowIfNull(calibration);
        (int first, int count) = Range(calibration.Sequences.Count, shards, shard);
        return calibration.Slice(first, count);
    }
}
