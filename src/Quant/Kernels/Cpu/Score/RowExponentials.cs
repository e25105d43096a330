using System.Runtime.CompilerServices;
using MambaQuant.Quant.Kernels.Cpu.Simd;

namespace MambaQuant.Quant.Kernels.Cpu.Score;

/// <summary>The two passes over a row of logits that every score needs: the largest one, and the sum of exponentials of the differences to it.</summary>
internal static unsafe class RowExponentials
{
    private const int ChunkVectors = 16;

    /// <summary>The largest value; NaN is passed over (the sum finds it), −∞ where there is none.</summary>
    internal static float Largest<TLanes, TVector>(float* row, int count)
        where TLanes : struct, ILanes<TVector, float>
        where TVector : struct
    {
        TVector largest = TLanes.Broadcast(float.NegativeInfinity);
        int i = 0;
        for (; i <= count - TLanes.Count; i += TLanes.Count)
        {
            TVector value = TLanes.Load(row + i);
            largest = TLanes.SelectGreater(value, largest, value, largest);
        }

        float result = TLanes.Largest(largest);
        for (; i < count; i++)
        {
            result = row[i] > result ? row[i] : result;
        }

        return result;
    }

    /// <summary>Σ exp(row[i] − largest): exponentials in fp32, added in fp32 over chunks of <see cref="ChunkVectors"/> vectors and in fp64 beyond.</summary>
    /// <param name="row">The logits.</param>
    /// <param name="count">How many.</param>
    /// <param name="largest">What is subtracted.</param>
    /// <param name="exponentials">Receives every exponential; null to keep none.</param>
    internal static double Sum<TLanes, TVector>(float* row, int count, float largest, float* exponentials)
        where TLanes : struct, ILanes<TVector, float>
        where TVector : struct
    {
        TVector offset = TLanes.Broadcast(largest);
        int whole = count - (count % TLanes.Count);
        double total = 0;
        for (int chunk = 0; chunk < whole; chunk += ChunkVectors * TLanes.Count)
        {
            TVector sum = TLanes.Zero;
            int end = Math.Min(whole, chunk + (ChunkVectors * TLanes.Count));
            for (int i = chunk; i < end; i += TLanes.Count)
            {
                TVector exponential = LaneMath.Exp<TLanes, TVector>(TLanes.Subtract(TLanes.Load(row + i), offset));
                sum = TLanes.Add(sum, exponential);
                if (exponentials != null)
                {
                    TLanes.Store(exponentials + i, exponential);
                }
            }

            total += TLanes.Sum(sum);
        }

        return whole == count ? total : total + TailSum<TLanes, TVector>(row + whole, count - whole, offset, exponentials == null ? null : exponentials + whole);
    }

    [SkipLocalsInit]
    private static double TailSum<TLanes, TVector>(float* row, int count, TVector offset, float* exponentials)
        where TLanes : struct, ILanes<TVector, float>
        where TVector : struct
    {
        float* values = stackalloc float[TLanes.Count];
        TLanes.Store(values, LaneMath.Exp<TLanes, TVector>(TLanes.Subtract(LaneTail.Load<TLanes, TVector, float>(row, count), offset)));
        double total = 0;
        for (int i = 0; i < count; i++)
        {
            total += values[i];
            if (exponentials != null)
            {
                exponentials[i] = values[i];
            }
        }

        return total;
    }
}
