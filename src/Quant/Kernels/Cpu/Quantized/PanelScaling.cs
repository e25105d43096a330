using System.Runtime.CompilerServices;
using MambaQuant.Quant.Kernels.Cpu.Simd;

namespace MambaQuant.Quant.Kernels.Cpu.Quantized;

/// <summary>From exact int32 sums of a panel of outputs to fp32 results: zero points, scales, bias, one rounding.</summary>
internal readonly unsafe struct PanelScaling
{
    private readonly double* _scales;
    private readonly double* _zeroPoints;
    private readonly double* _corrections;
    private readonly double* _bias;
    private readonly int _width;

    /// <summary>Makes a scaling of a panel.</summary>
    /// <param name="memory">Four rows of <paramref name="width"/> numbers.</param>
    /// <param name="width">Outputs of a panel, with padding.</param>
    internal PanelScaling(double* memory, int width)
    {
        _scales = memory;
        _zeroPoints = memory + width;
        _corrections = memory + (2 * width);
        _bias = memory + (3 * width);
        _width = width;
        new Span<double>(memory, 4 * width).Clear();
    }

    /// <summary>Widens the bias of the panel.</summary>
    internal void SetBias(float* bias, int firstOutput, int outputs)
    {
        for (int output = 0; bias != null && output < outputs; output++)
        {
            _bias[output] = bias[firstOutput + output];
        }
    }

    /// <summary>Reads scales and zero points of a group, and where activations are asymmetric the sums Σ q_w − n z_w.</summary>
    internal void SetGroup(in WeightGroups weights, int group, int firstOutput, int outputs, bool isActivationAsymmetric)
    {
        int count = weights.Count(group);
        for (int output = 0; output < outputs; output++)
        {
            int o = firstOutput + output;
            int zeroPoint = weights.ZeroPoint(o, group);
            _scales[output] = weights.Scale(o, group);
            _zeroPoints[output] = zeroPoint;
            if (isActivationAsymmetric)
            {
                long sum = -(long)count * zeroPoint;
                sbyte* codes = weights.Row(o) + weights.First(group);
                for (int i = 0; i < count; i++)
                {
                    sum += codes[i];
                }

                _corrections[output] = sum;
            }
        }
    }

    /// <summary>total += s_x s_w (sum − z_w Σ q_x − z_x (Σ q_w − n z_w)), or = for the first group.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void AddRow<TLanes, TVector>(int* sums, float scale, int zeroPoint, double groupSum, bool isFirst, double* total)
        where TLanes : struct, ILanes<TVector, double>
        where TVector : struct
    {
        TVector rowScale = TLanes.Broadcast(scale);
        TVector rowZero = TLanes.Broadcast(zeroPoint);
        TVector rowSum = TLanes.Broadcast(groupSum);
        for (int i = 0; i < _width; i += TLanes.Count)
        {
            TVector product = TLanes.LoadInt32(sums + i);
            if (groupSum != 0)
            {
                product = TLanes.Subtract(product, TLanes.Multiply(TLanes.Load(_zeroPoints + i), rowSum));
            }

            if (zeroPoint != 0)
            {
                product = TLanes.Subtract(product, TLanes.Multiply(rowZero, TLanes.Load(_corrections + i)));
            }

            product = TLanes.Multiply(TLanes.Multiply(rowScale, TLanes.Load(_scales + i)), product);
            TLanes.Store(total + i, isFirst ? product : TLanes.Add(TLanes.Load(total + i), product));
        }
    }

    /// <summary>y = s_x s_w sum, rounded to fp32: the whole of it where there is one group, no zero point, no bias, and the panel is full.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Store<TLanes, TVector>(int* sums, float scale, float* y)
        where TLanes : struct, ILanes<TVector, double>
        where TVector : struct
    {
        TVector rowScale = TLanes.Broadcast(scale);
        for (int i = 0; i < _width; i += TLanes.Count)
        {
            TLanes.StoreSingle(y + i, TLanes.Multiply(TLanes.Multiply(rowScale, TLanes.Load(_scales + i)), TLanes.LoadInt32(sums + i)));
        }
    }

    /// <summary>Adds the bias and rounds to fp32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    [SkipLocalsInit]
    internal void Finish<TLanes, TVector>(double* total, float* y, int outputs, bool hasBias)
        where TLanes : struct, ILanes<TVector, double>
        where TVector : struct
    {
        for (int i = 0; i < outputs; i += TLanes.Count)
        {
            TVector value = TLanes.Load(total + i);
            value = hasBias ? TLanes.Add(value, TLanes.Load(_bias + i)) : value;
            if (outputs - i >= TLanes.Count)
            {
                TLanes.StoreSingle(y + i, value);
            }
            else
            {
                StoreTail<TLanes, TVector>(value, y + i, outputs - i);
            }
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void StoreTail<TLanes, TVector>(TVector value, float* y, int count)
        where TLanes : struct, ILanes<TVector, double>
        where TVector : struct
    {
        float* padded = stackalloc float[TLanes.Count];
        TLanes.StoreSingle(padded, value);
        new ReadOnlySpan<float>(padded, count).CopyTo(new Span<float>(y, count));
    }
}
