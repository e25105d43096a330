using MambaQuant.Quant.Models;

namespace MambaQuant.Pipeline.Planning;

/// <summary>How much there is to compute and to hold, from dimensions alone. A multiply-add counts as two operations.</summary>
public static class ModelOperations
{
    // Per channel and state of the scan: exp(dt A), two products into h, one into y, one sum each.
    private const int ScanOperations = 9;

    /// <summary>Weights of one layer.</summary>
    /// <param name="config">The dimensions.</param>
    public static double LayerWeights(MambaConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        (double d, double e, double n, double r) = (config.DModel, config.DInner, config.DState, config.DtRank);
        return (3 * e * d) + (e * config.DConv) + ((r + (2 * n)) * e) + (r * e) + (e * n) + (3 * e) + d;
    }

    /// <summary>The forward pass of one layer for one token.</summary>
    /// <param name="config">The dimensions.</param>
    public static double ForwardLayer(MambaConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return (2 * LayerWeights(config)) + (ScanOperations * (double)config.DInner * config.DState);
    }

    /// <summary>The head for one token.</summary>
    /// <param name="config">The dimensions.</param>
    public static double Head(MambaConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return 2.0 * config.VocabularySize * config.DModel;
    }

    /// <summary>Adding one token to the second moment of so many channels: the lower triangle of x xᵀ.</summary>
    /// <param name="channels">C.</param>
    public static double SecondMoment(int channels) => (double)channels * channels;

    /// <summary>Bytes of a packed second moment.</summary>
    /// <param name="channels">C.</param>
    public static long SecondMomentBytes(int channels) => sizeof(double) * ((long)channels * (channels + 1) / 2);

    /// <summary>Folding a dense rotation of the residual stream into one layer, in fp64: in_proj and out_proj times a d × d matrix.</summary>
    /// <param name="config">The dimensions.</param>
    public static double FoldLayer(MambaConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return 2.0 * 3 * config.DInner * config.DModel * config.DModel;
    }

    /// <summary>Bytes of one token's residual stream.</summary>
    /// <param name="config">The dimensions.</param>
    public static long HiddenBytes(MambaConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return sizeof(float) * (long)config.DModel;
    }

    /// <summary>Bytes of ranges, histograms and state statistics of one layer, second moments aside.</summary>
    /// <param name="config">The dimensions.</param>
    /// <remarks>Estimated: a channel of the state fills 60 of its 256 bins, at 5 bytes each; a site 2,000 of its 16,384, at 12.</remarks>
    public static long RangeBytes(MambaConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        const int FilledStateBins = 60, StateBinBytes = 5, Sites = 7, SiteBytes = 2_000 * 12;
        long channels = (3L * config.DInner) + config.DModel + config.DtRank + config.DState;
        return (channels * 2 * sizeof(float)) + ((long)config.DInner * ((config.DState * sizeof(float)) + (FilledStateBins * StateBinBytes))) + (Sites * SiteBytes);
    }
}
