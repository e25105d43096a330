using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using MambaQuant.Quant.Kernels.Cpu.Simd;

namespace MambaQuant.Quant.Kernels.Cpu.Quantized;

/// <summary>y[b, t, c] = silu(bias[c] + Σ_j (q_x − z_x)[b, t + j, c] · s_x · (q_w − z_w)[c, j] · s_w); lanes are channels.</summary>
/// <remarks>
/// Where one scale covers all taps (a static activation scale, one tap scale a channel) the sum over taps is exact in int32 and
/// scaled in fp64. Else, and in the simulated arithmetic, products of dequantized values are summed in fp64, j ascending. Both end
/// with the bias in fp64, one rounding to fp32, and the SiLU that the float convolution uses.
/// </remarks>
internal unsafe struct QuantizedConvolutionKernel : ITileKernel<double>
{
    /// <summary>Channels worked on at a time: their sums stay in the first-level cache.</summary>
    private const int ChannelBlock = 256;

    /// <summary>[B, K−1+L, C] codes; a scale and zero point per tensor or row.</summary>
    internal ActivationScales Extended;

    /// <summary>[K, C] codes less their zero points.</summary>
    internal int* Taps;

    /// <summary>[K, C] values of the taps, exact.</summary>
    internal double* TapValues;

    /// <summary>[C] scales, where one covers all taps of a channel and the sum is to be exact; else null.</summary>
    internal double* ChannelScales;

    /// <summary>[C], or null.</summary>
    internal float* Bias;

    /// <summary>[B, L, C].</summary>
    internal float* Y;

    /// <summary>L.</summary>
    internal int Length;

    /// <summary>C.</summary>
    internal int Channels;

    /// <summary>K.</summary>
    internal int TapCount;

    /// <summary>How the B·L rows are cut.</summary>
    internal RowTiling Rows;

    /// <inheritdoc/>
    [SkipLocalsInit]
    public readonly void Tile<TLanes, TVector>(int tile)
        where TLanes : struct, ILanes<TVector, double>
        where TVector : struct
    {
        double* sums = stackalloc double[ChannelBlock];
        int* integers = stackalloc int[ChannelBlock];
        for (int row = Rows.First(tile); row < Rows.End(tile); row++)
        {
            (int sequence, int token) = Math.DivRem(row, Length);
            int firstRow = (sequence * (TapCount - 1 + Length)) + token;
            for (int channel = 0; channel < Channels; channel += ChannelBlock)
            {
                int count = Math.Min(ChannelBlock, Channels - channel);
                if (ChannelScales != null)
                {
                    SumExactly(firstRow, channel, count, integers, sums);
                }
                else
                {
                    SumValues<TLanes, TVector>(firstRow, channel, count, integers, sums);
                }

                float* y = Y + ((long)row * Channels) + channel;
                for (int c = 0; c < count; c++)
                {
                    y[c] = (float)(Bias == null ? sums[c] : sums[c] + Bias[channel + c]);
                }

                SiluInPlace(y, count);
            }
        }
    }

    /// <summary>The int32 sums, scaled in fp64.</summary>
    private readonly void SumExactly(int firstRow, int channel, int count, int* integers, double* sums)
    {
        new Span<int>(integers, count).Clear();
        for (int tap = 0; tap < TapCount; tap++)
        {
            sbyte* codes = Extended.Codes + ((long)(firstRow + tap) * Channels) + channel;
            int* taps = Taps + ((long)tap * Channels) + channel;
            AddProducts(codes, Extended.ZeroPoint(firstRow + tap), taps, integers, count);
        }

        double scale = Extended.Scale(firstRow);
        for (int c = 0; c < count; c++)
        {
            sums[c] = scale * ChannelScales[channel + c] * integers[c];
        }
    }

    /// <summary>Sums of dequantized products in fp64, not fused, so that every tier gives the same bits.</summary>
    private readonly void SumValues<TLanes, TVector>(int firstRow, int channel, int count, int* integers, double* sums)
        where TLanes : struct, ILanes<TVector, double>
        where TVector : struct
    {
        new Span<double>(sums, count).Clear();
        for (int tap = 0; tap < TapCount; tap++)
        {
            int row = firstRow + tap;
            sbyte* codes = Extended.Codes + ((long)row * Channels) + channel;
            double* values = TapValues + ((long)tap * Channels) + channel;
            double scale = Extended.Scale(row);
            int zeroPoint = Extended.ZeroPoint(row);
            for (int c = 0; c < count; c++)
            {
                integers[c] = codes[c] - zeroPoint;
            }

            TVector scales = TLanes.Broadcast(scale);
            for (int c = 0; c < count; c += TLanes.Count)
            {
                TVector x = TLanes.Multiply(scales, TLanes.LoadInt32(integers + c));
                TVector product = TLanes.Multiply(x, LaneTail.Load<TLanes, TVector, double>(values + c, count - c));
                TLanes.Store(sums + c, TLanes.Add(TLanes.Load(sums + c), product));
            }
        }
    }

    /// <summary>sums[c] += (codes[c] − zero point) · taps[c], with the widest integers of this process.</summary>
    private static void AddProducts(sbyte* codes, int zeroPoint, int* taps, int* sums, int count)
    {
        int done = Vector512.IsHardwareAccelerated ? AddProducts<CodeLanes512, Vector512<int>>(codes, zeroPoint, taps, sums, count)
            : Vector256.IsHardwareAccelerated ? AddProducts<CodeLanes256, Vector256<int>>(codes, zeroPoint, taps, sums, count)
            : Vector128.IsHardwareAccelerated ? AddProducts<CodeLanes128, Vector128<int>>(codes, zeroPoint, taps, sums, count)
            : 0;
        AddProducts<CodeLanesScalar, int>(codes + done, zeroPoint, taps + done, sums + done, count - done);
    }

    /// <summary>Whole vectors of it; returns how many channels they were. Loads read a vector of bytes at most, inside the row's whole vectors.</summary>
    private static int AddProducts<TCodes, TVector>(sbyte* codes, int zeroPoint, int* taps, int* sums, int count)
        where TCodes : struct, ICodeLanes<TVector>
        where TVector : struct
    {
        TVector offset = TCodes.Broadcast(-zeroPoint);
        int c = 0;
        for (; c <= count - TCodes.Count; c += TCodes.Count)
        {
            TVector x = TCodes.Add(TCodes.LoadCodes(codes + c), offset);
            TCodes.Store(sums + c, TCodes.MultiplyAdd(x, TCodes.Load(taps + c), TCodes.Load(sums + c)));
        }

        return c;
    }

    private static void SiluInPlace(float* y, int count)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            SiluInPlace<Lanes512<float>, Vector512<float>>(y, count);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            SiluInPlace<Lanes256<float>, Vector256<float>>(y, count);
        }
        else if (Vector128.IsHardwareAccelerated)
        {
            SiluInPlace<Lanes128<float>, Vector128<float>>(y, count);
        }
        else
        {
            SiluInPlace<LanesScalar<float>, float>(y, count);
        }
    }

    private static void SiluInPlace<TLanes, TVector>(float* y, int count)
        where TLanes : struct, ILanes<TVector, float>
        where TVector : struct
    {
        for (int i = 0; i < count; i += TLanes.Count)
        {
            TVector value = LaneTail.Load<TLanes, TVector, float>(y + i, count - i);
            LaneTail.Store<TLanes, TVector, float>(y + i, LaneMath.Silu<TLanes, TVector>(value), count - i);
        }
    }
}
