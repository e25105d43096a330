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
    /// <summary>Channels worked on at a time: their sums stay in the first-level cache. A multiple of the lanes of every tier, so that whole vectors fit.</summary>
    private const int ChannelBlock = 256;

    /// <summary>[B, K−1+L, C] codes; a scale and zero point per tensor or row.</summary>
    internal ActivationScales Extended;

    /// <summary>[K, C] codes less their zero points.</summary>
    internal int* Taps;

    /// <summary>[K, C] values of the taps, exact.</summary>
    internal double* TapValues;

    /// <summary>[C] scales, where one covers all taps of a channel and the sum is to be exact; else null.</summary>
    internal double* ChannelScales;

    /// <summary>[C], widened, or null.</summary>
    internal double* Bias;

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
        float* preActivations = stackalloc float[ChannelBlock];
        for (int row = Rows.First(tile); row < Rows.End(tile); row++)
        {
            (int sequence, int token) = Math.DivRem(row, Length);
            int firstRow = (sequence * (TapCount - 1 + Length)) + token;
            for (int channel = 0; channel < Channels; channel += ChannelBlock)
            {
                int count = Math.Min(ChannelBlock, Channels - channel);
                if (ChannelScales != null)
                {
                    SumExactly<TLanes, TVector>(firstRow, channel, count, integers, sums);
                }
                else
                {
                    SumValues<TLanes, TVector>(firstRow, channel, count, integers, sums);
                }

                float* y = Y + ((long)row * Channels) + channel;
                AddBias<TLanes, TVector>(sums, channel, count, preActivations);
                SiluInto(preActivations, y, count);
            }
        }
    }

    /// <summary>The int32 sums, scaled in fp64.</summary>
    private readonly void SumExactly<TLanes, TVector>(int firstRow, int channel, int count, int* integers, double* sums)
        where TLanes : struct, ILanes<TVector, double>
        where TVector : struct
    {
        new Span<int>(integers, count).Clear();
        for (int tap = 0; tap < TapCount; tap++)
        {
            sbyte* codes = Extended.Codes + ((long)(firstRow + tap) * Channels) + channel;
            int* taps = Taps + ((long)tap * Channels) + channel;
            CodeConversion.AddProducts(codes, Extended.ZeroPoint(firstRow + tap), taps, integers, count);
        }

        TVector scale = TLanes.Broadcast(Extended.Scale(firstRow));
        for (int c = 0; c < count; c += TLanes.Count)
        {
            TVector scales = TLanes.Multiply(scale, LaneTail.Load<TLanes, TVector, double>(ChannelScales + channel + c, count - c));
            TLanes.Store(sums + c, TLanes.Multiply(scales, TLanes.LoadInt32(integers + c)));
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
            CodeConversion.Subtract(codes, zeroPoint, integers, count);
            TVector scales = TLanes.Broadcast(scale);
            for (int c = 0; c < count; c += TLanes.Count)
            {
                TVector x = TLanes.Multiply(scales, TLanes.LoadInt32(integers + c));
                TVector product = TLanes.Multiply(x, LaneTail.Load<TLanes, TVector, double>(values + c, count - c));
                TLanes.Store(sums + c, TLanes.Add(TLanes.Load(sums + c), product));
            }
        }
    }

    /// <summary>The sums and the bias, rounded once to fp32.</summary>
    private readonly void AddBias<TLanes, TVector>(double* sums, int channel, int count, float* result)
        where TLanes : struct, ILanes<TVector, double>
        where TVector : struct
    {
        for (int c = 0; c < count; c += TLanes.Count)
        {
            TVector sum = TLanes.Load(sums + c);
            TLanes.StoreSingle(result + c, Bias == null ? sum : TLanes.Add(sum, LaneTail.Load<TLanes, TVector, double>(Bias + channel + c, count - c)));
        }
    }

    /// <summary>SiLU, with the widest lanes of fp32.</summary>
    private static void SiluInto(float* values, float* y, int count)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            SiluInto<Lanes512<float>, Vector512<float>>(values, y, count);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            SiluInto<Lanes256<float>, Vector256<float>>(values, y, count);
        }
        else if (Vector128.IsHardwareAccelerated)
        {
            SiluInto<Lanes128<float>, Vector128<float>>(values, y, count);
        }
        else
        {
            SiluInto<LanesScalar<float>, float>(values, y, count);
        }
    }

    private static void SiluInto<TLanes, TVector>(float* values, float* y, int count)
        where TLanes : struct, ILanes<TVector, float>
        where TVector : struct
    {
        for (int i = 0; i < count; i += TLanes.Count)
        {
            LaneTail.Store<TLanes, TVector, float>(y + i, LaneMath.Silu<TLanes, TVector>(TLanes.Load(values + i)), count - i);
        }
    }
}
