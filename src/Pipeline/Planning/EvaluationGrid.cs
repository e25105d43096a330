using MambaQuant.Quant.Method;

namespace MambaQuant.Pipeline.Planning;

/// <summary>How an evaluation is cut: shards of neighbouring windows. The cut changes no bit of the result.</summary>
/// <param name="Tokens">Tokens of the text.</param>
/// <param name="WindowLength">Tokens of a window; the last may have fewer.</param>
/// <param name="Windows">Windows of the text.</param>
/// <param name="Shards">Shards, as equal as can be.</param>
public sealed record EvaluationGrid(long Tokens, int WindowLength, int Windows, int Shards)
{
    /// <summary>The windows of a shard.</summary>
    /// <param name="shard">Index of the shard.</param>
    public (int First, int Count) Shard(int shard) => CalibrationShards.Range(Windows, Shards, shard);

    /// <summary>Tokens of a shard.</summary>
    /// <param name="shard">Index of the shard.</param>
    public long TokensOf(int shard)
    {
        (int first, int count) = Shard(shard);
        return Math.Min(Tokens, ((long)first + count) * WindowLength) - ((long)first * WindowLength);
    }
}
