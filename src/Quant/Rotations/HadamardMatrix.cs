using System.Numerics;
using MambaQuant.Quant.Datasets;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Rotations;

/// <summary>Hadamard matrices of every Mamba width, by construction; no tables are stored.</summary>
/// <remarks>
/// An order is supported when it is a power of two times one of Paley's orders: q + 1 for a prime power q = 3 mod 4, or 2 (q + 1) for
/// a prime power q = 1 mod 4. That covers the widths, time-step ranks and state sizes of all published Mamba models (768 = 12 * 64,
/// 1536 = 12 * 128, 2560 = 20 * 128, 5120 = 20 * 256, 160 = 20 * 8, ...) and every multiple of 4 up to 256 except
/// 92, 116, 156, 172, 184, 188, 232 and 236, which need other constructions.
/// Orientation: activations are row vectors and are rotated as x H; H is orthogonal (H H^T = I) but in general not symmetric, so the
/// inverse is H^T, written out, never a second H.
/// Order: every method is a pure function of its arguments, the same on every machine.
/// </remarks>
public static class HadamardMatrix
{
    /// <summary>Finds the factorization of an order with the smallest base, which makes the cheapest fast transform.</summary>
    /// <param name="order">The order wanted; any integer.</param>
    /// <param name="factorization">The factorization, or the default where there is none.</param>
    /// <returns>Whether the order is supported. Powers of two have base 1.</returns>
    /// <remarks>Cost: log2(order) tests by trial division, sqrt(order) steps each.</remarks>
    public static bool TryFactor(int order, out HadamardFactorization factorization)
    {
        factorization = default;
        if (order < 1)
        {
            return false;
        }

        if (BitOperations.IsPow2(order))
        {
            factorization = new HadamardFactorization(1, order);
            return true;
        }

        for (int power = 1 << BitOperations.TrailingZeroCount(order); power >= 1; power /= 2)
        {
            if (PaleyConstruction.Exists(order / power))
            {
                factorization = new HadamardFactorization(order / power, power);
                return true;
            }
        }

        return false;
    }

    /// <summary>The factorization of a supported order, as <see cref="TryFactor"/> finds it.</summary>
    /// <param name="order">A supported order.</param>
    /// <exception cref="ArgumentException">The order is not supported; the message names the nearest ones that are.</exception>
    public static HadamardFactorization Factor(int order) =>
        TryFactor(order, out HadamardFactorization factorization) ? factorization : throw Unsupported(order, nameof(order));

    /// <summary>Whether <see cref="Dense"/> and <see cref="TryFactor"/> know a matrix of this order.</summary>
    /// <param name="order">Any integer.</param>
    public static bool IsSupported(int order) => TryFactor(order, out _);

    /// <summary>The base matrix of a factorization, not normalised.</summary>
    /// <param name="baseOrder">A <see cref="HadamardFactorization.BaseOrder"/>: 1 or an order of one of Paley's constructions.</param>
    /// <returns>[baseOrder, baseOrder], row-major, a new array of +1 and -1 with B B^T = baseOrder * I.</returns>
    /// <remarks>Cost: baseOrder² steps.</remarks>
    /// <exception cref="ArgumentException">No base matrix of this order exists here.</exception>
    /// <exception cref="OverflowException">The matrix would have more than <see cref="int.MaxValue"/> entries.</exception>
    public static sbyte[] BaseSigns(int baseOrder)
    {
        if (baseOrder == 1)
        {
            return [1];
        }

        return PaleyConstruction.Exists(baseOrder)
            ? PaleyConstruction.Signs(baseOrder)
            : throw new ArgumentException(
                $"{baseOrder} is no base order: 1 or an order of one of Paley's constructions is expected; {nameof(TryFactor)} gives the base of an order", nameof(baseOrder));
    }

    /// <summary>The whole matrix, orthogonal.</summary>
    /// <param name="order">A supported order, at most 46,340 (an array holds no more entries).</param>
    /// <returns>[order, order], row-major fp64, a new array; every entry is +1 or -1 over sqrt(order), rounded to nearest even.</returns>
    /// <remarks>Cost: order² writes; 8 * order² bytes (order 5120: 210 MB). Folding uses it; run time uses the fast transform.</remarks>
    /// <exception cref="ArgumentException">The order is not supported; the message names the nearest ones that are.</exception>
    /// <exception cref="OverflowException">The order is above 46,340.</exception>
    public static double[] Dense(int order)
    {
        (int baseOrder, int power) = Factor(order);
        double[] matrix = new double[checked(order * order)];
        sbyte[] signs = BaseSigns(baseOrder);
        double entry = 1 / Math.Sqrt(order);
        double[] positive = new double[power];
        double[] negative = new double[power];
        for (int inner = 0; inner < power; inner++)
        {
            // One row of Sylvester's matrix serves the same inner row of every block row.
            for (int column = 0; column < power; column++)
            {
                positive[column] = (BitOperations.PopCount((uint)(inner & column)) & 1) == 0 ? entry : -entry;
                negative[column] = -positive[column];
            }

            for (int outer = 0; outer < baseOrder; outer++)
            {
                Span<double> row = matrix.AsSpan(((outer * power) + inner) * order, order);
                for (int block = 0; block < baseOrder; block++)
                {
                    double[] source = signs[(outer * baseOrder) + block] > 0 ? positive : negative;
                    source.CopyTo(row[(block * power)..]);
                }
            }
        }

        return matrix;
    }

    /// <summary>The same matrix in the factored form that the fast transform takes.</summary>
    /// <param name="memory">The backend that will run it.</param>
    /// <param name="order">A supported order.</param>
    /// <returns>A transform that the caller disposes: a row x becomes x H with H = <see cref="Dense"/>(order).</returns>
    /// <exception cref="ArgumentException">The order is not supported; the message names the nearest ones that are.</exception>
    public static HadamardTransform Transform(ITensorMemory memory, int order)
    {
        ArgumentNullException.ThrowIfNull(memory);
        (int baseOrder, int power) = Factor(order);
        if (baseOrder == 1)
        {
            return new HadamardTransform(baseSigns: null, power);
        }

        float[] signs = Array.ConvertAll(BaseSigns(baseOrder), sign => (float)sign);
        return new HadamardTransform(memory.Upload<float>(signs, new Shape(baseOrder, baseOrder)), power);
    }

    private static ArgumentException Unsupported(int order, string parameter)
    {
        int below = order - 1;
        while (below > 0 && !IsSupported(below))
        {
            below--;
        }

        // A power of two is always supported, so the search upwards ends; beyond the largest of them there is nothing to name.
        long above = Math.Max(1, (long)order + 1);
        while (above <= int.MaxValue && !IsSupported((int)above))
        {
            above++;
        }

        string nearest = (below > 0, above <= int.MaxValue) switch
        {
            (true, true) => $"the nearest supported orders are {below} and {above}",
            (false, _) => $"the nearest supported order is {above}",
            _ => $"the nearest supported order is {below}",
        };
        return new ArgumentException(
            $"no Hadamard matrix of order {order}: a power of two times an order of Paley's constructions is expected; {nearest}", parameter);
    }
}
