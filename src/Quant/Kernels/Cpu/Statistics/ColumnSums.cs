using System.Numerics;

namespace MambaQuant.Quant.Kernels.Cpu.Statistics;

/// <summary>sum[c] += Σ_t x[t, c] in fp64, t ascending, one running sum a channel: the width of the vectors changes no bit.</summary>
internal static unsafe class ColumnSums
{
    /// <summary>Channels of a tile.</summary>
    internal const int ChannelsPerTile = 64;

    /// <summary>Adds the channels of one tile.</summary>
    /// <param name="x">[rows, C].</param>
    /// <param name="sum">[C].</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="channels">C.</param>
    /// <param name="tile">Index of the tile.</param>
    internal static void Add(float* x, double* sum, int rows, int channels, int tile)
    {
        int channel = tile * ChannelsPerTile;
        int end = Math.Min(channels, channel + ChannelsPerTile);
        for (; channel <= end - Vector<float>.Count; channel += Vector<float>.Count)
        {
            AddVector(x + channel, sum + channel, rows, channels);
        }

        for (; channel < end; channel++)
        {
            for (int row = 0; row < rows; row++)
            {
                sum[channel] += x[((nint)row * channels) + channel];
            }
        }
    }

    private static void AddVector(float* x, double* sum, int rows, int stride)
    {
        Vector<double> low = *(Vector<double>*)sum;
        Vector<double> high = *(Vector<double>*)(sum + Vector<double>.Count);
        for (int row = 0; row < rows; row++, x += stride)
        {
            Vector.Widen(*(Vector<float>*)x, out Vector<double> lowValues, out Vector<double> highValues);
            low += lowValues;
            high += highValues;
        }

        *(Vector<double>*)sum = low;
        *(Vector<double>*)(sum + Vector<double>.Count) = high;
    }
}
