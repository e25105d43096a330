using System.Numerics;
using MambaQuant.Quant.Kernels.Cpu.Simd;

namespace MambaQuant.Quant.Kernels.Cpu.Score;

/// <summary>What every score needs of a row of logits, in fp64: the largest one, and the sum of exponentials of the differences to it.</summary>
internal static unsafe class RowExponentials
{
    /// <summary>The number of values of a padded row: whole vectors of every tier.</summary>
    internal static int PaddedCount(int count) => checked((count + 7) & ~7);

    /// <summary>Widens a row and pads it with −∞, which is never the largest and whose exponential is 0.</summary>
    /// <param name="row">The logits.</param>
    /// <param name="count">How many.</param>
    /// <param name="wide">Memory of <see cref="PaddedCount"/> values.</param>
    internal static void Widen(float* row, int count, double* wide)
    {
        int i = 0;
        for (; i <= count - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector.Widen(*(Vector<float>*)(row + i), out Vector<double> low, out Vector<double> high);
            *(Vector<double>*)(wide + i) = low;
            *(Vector<double>*)(wide + i + Vector<double>.Count) = high;
        }

        for (; i < count; i++)
        {
            wide[i] = row[i];
        }

        new Span<double>(wide + count, PaddedCount(count) - count).Fill(double.NegativeInfinity);
    }

    /// <summary>The largest value of a padded row; NaN is passed over (the sum finds it).</summary>
    internal static double Largest<TLanes, TVector>(double* row, int paddedCount)
        where TLanes : struct, ILanes<TVector, double>
        where TVector : struct
    {
        TVector largest = TLanes.Broadcast(double.NegativeInfinity);
        for (int i = 0; i < paddedCount; i += TLanes.Count)
        {
            TVector value = TLanes.Load(row + i);
            largest = TLanes.SelectGreater(value, largest, value, largest);
        }

        return TLanes.Largest(largest);
    }

    /// <summary>The index of the first value equal to another; the length where there is none.</summary>
    internal static int IndexOf(double* row, int count, double value)
    {
        int i = 0;
        while (i < count && row[i] != value)
        {
            i++;
        }

        return i;
    }

    /// <summary>Σ exp(row[i] − largest) over a padded row.</summary>
    internal static double Sum<TLanes, TVector>(double* row, int paddedCount, double largest)
        where TLanes : struct, ILanes<TVector, double>
        where TVector : struct
    {
        TVector offset = TLanes.Broadcast(largest);
        TVector sum = TLanes.Zero;
        for (int i = 0; i < paddedCount; i += TLanes.Count)
        {
            sum = TLanes.Add(sum, LaneMath.ExpDouble<TLanes, TVector>(TLanes.Subtract(TLanes.Load(row + i), offset)));
        }

        return TLanes.Sum(sum);
    }

    /// <summary>Σ w (row[i] − other[i]) with w = exp(row[i] − largest), over padded rows; a weight of 0 (a logit of −∞) adds nothing.</summary>
    internal static double WeightedDifference<TLanes, TVector>(double* row, double* other, int paddedCount, double largest)
        where TLanes : struct, ILanes<TVector, double>
        where TVector : struct
    {
        TVector offset = TLanes.Broadcast(largest);
        TVector sum = TLanes.Zero;
        for (int i = 0; i < paddedCount; i += TLanes.Count)
        {
            TVector value = TLanes.Load(row + i);
            TVector weight = LaneMath.ExpDouble<TLanes, TVector>(TLanes.Subtract(value, offset));
            TVector product = TLanes.Multiply(weight, TLanes.Subtract(value, TLanes.Load(other + i)));
            sum = TLanes.Add(sum, TLanes.SelectGreater(TLanes.Broadcast(double.Epsilon), weight, TLanes.Zero, product));
        }

        return TLanes.Sum(sum);
    }
}
