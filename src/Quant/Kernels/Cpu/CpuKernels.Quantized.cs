using MambaQuant.Quant.Kernels.Cpu.Quantized;
using MambaQuant.Quant.Kernels.Cpu.Simd;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Kernels.Cpu;

/// <content>Computing with codes: shapes are checked here, the arithmetic is in the kernels of the folder Quantized.</content>
public sealed unsafe partial class CpuKernels
{
    /// <inheritdoc/>
    public ActivationCodes QuantizeActivation(Tensor x, CodeGrid grid, float scale, int zeroPoint)
    {
        Expect.Typed(x, DType.F32);
        ThrowIfNotAGrid(grid);
        if (!(scale > 0) || float.IsInfinity(scale))
        {
            throw new ArgumentOutOfRangeException(nameof(scale), scale, "a positive, finite scale is expected");
        }

        if (grid.Symmetric ? zeroPoint != 0 : zeroPoint < grid.Minimum || zeroPoint > grid.Maximum)
        {
            throw new ArgumentOutOfRangeException(nameof(zeroPoint), zeroPoint, $"the zero point of {grid} lies outside its codes (0 for a symmetric grid)");
        }

        CpuTensor codes = New(DType.I8, x.Shape);
        Quantize(x, grid, codes, scale, zeroPoint, null, null);
        return new ActivationCodes(codes, scale, zeroPoint);
    }

    /// <inheritdoc/>
    public ActivationCodes QuantizeActivationPerToken(Tensor x, CodeGrid grid)
    {
        Expect.Typed(x, DType.F32);
        ThrowIfNotAGrid(grid);
        var tokens = new Shape(RowsOf(x));
        CpuTensor codes = New(DType.I8, x.Shape);
        CpuTensor scales = New(DType.F32, tokens);
        CpuTensor? zeroPoints = grid.Symmetric ? null : New(DType.I32, tokens);
        Quantize(x, grid, codes, 1, 0, scales, zeroPoints);
        return new ActivationCodes(codes, scales, zeroPoints);
    }

    /// <inheritdoc/>
    public Tensor QuantizedLinear(ActivationCodes x, WeightCodes weight, Tensor? bias, QuantizedArithmetic arithmetic)
    {
        WeightGroups groups = Groups(weight);
        ActivationScales scales = Scales(x, groups.Inputs);
        if (bias is not null)
        {
            Expect.Shaped(bias, DType.F32, [groups.Outputs]);
        }

        if (groups.GroupSize > QuantizedLinearKernel.LargestGroup)
        {
            throw new ArgumentException(
                $"products of 8-bit codes are summed exactly over at most {QuantizedLinearKernel.LargestGroup} inputs that share a scale, found {groups.GroupSize}", nameof(weight));
        }

        int rows = RowsOf(x.Codes);
        CpuTensor y = New(DType.F32, new Shape([.. x.Codes.Shape.Extents[..^1], groups.Outputs]));
        if (arithmetic == QuantizedArithmetic.Integer)
        {
            MultiplyCodes(scales, groups, PointerOrNull<float>(bias), y.Pointer<float>(), rows);
        }
        else
        {
            new SimulatedProduct(_pool, _tiles).Run(scales, groups, PointerOrNull<float>(bias), y.Pointer<float>(), rows);
        }

        return y;
    }

    /// <inheritdoc/>
    public Tensor WeightOnlyLinear(Tensor x, WeightCodes weight, Tensor? bias)
    {
        WeightGroups groups = Groups(weight);
        Expect.Columns(x, DType.F32, groups.Inputs);
        if (bias is not null)
        {
            Expect.Shaped(bias, DType.F32, [groups.Outputs]);
        }

        CpuTensor y = New(DType.F32, new Shape([.. x.Shape.Extents[..^1], groups.Outputs]));
        var kernel = new WeightOnlyLinearKernel
        {
            X = Own(x).Pointer<float>(),
            Weights = groups,
            Bias = PointerOrNull<float>(bias),
            Y = y.Pointer<float>(),
            Rows = RowsOf(x),
        };
        _tiles.Run<WeightOnlyLinearKernel, float>(kernel, kernel.Tiles, kernel.Operations);
        return y;
    }

    /// <inheritdoc/>
    public Tensor QuantizedCausalConvolutionSilu(ActivationCodes extended, WeightCodes taps, Tensor? bias, QuantizedArithmetic arithmetic)
    {
        WeightGroups groups = Groups(taps);
        (int channels, int tapCount) = (groups.Outputs, groups.Inputs);
        ActivationScales scales = Scales(extended, channels);
        Expect.Ranked(extended.Codes, DType.I8, 3);
        (int batch, int extendedLength) = (extended.Codes.Shape[0], extended.Codes.Shape[1]);
        int length = extendedLength - (tapCount - 1);
        if (tapCount < 1 || length < 0)
        {
            throw new ArgumentException($"{taps.Codes} needs at least {tapCount - 1} rows before the sequence, found {extended.Codes}", nameof(extended));
        }

        if (bias is not null)
        {
            Expect.Shaped(bias, DType.F32, [channels]);
        }

        using CpuTensor integers = New(DType.I32, new Shape(tapCount, channels));
        using CpuTensor values = New(DType.F64, new Shape(tapCount, channels));
        using CpuTensor channelScales = New(DType.F64, new Shape(channels));
        using Tensor? wideBias = bias is null ? null : ToDouble(bias);
        for (int channel = 0; channel < channels; channel++)
        {
            for (int tap = 0; tap < tapCount; tap++)
            {
                int group = tap / groups.GroupSize;
                int code = groups.Row(channel)[tap] - groups.ZeroPoint(channel, group);
                integers.Pointer<int>()[((long)tap * channels) + channel] = code;
                values.Pointer<double>()[((long)tap * channels) + channel] = (double)groups.Scale(channel, group) * code;
            }

            channelScales.Pointer<double>()[channel] = groups.Scale(channel, 0);
        }

        bool isExact = arithmetic == QuantizedArithmetic.Integer && groups.Groups == 1 && !scales.IsPerToken;
        CpuTensor y = New(DType.F32, new Shape(batch, length, channels));
        var kernel = new QuantizedConvolutionKernel
        {
            Extended = scales,
            Taps = integers.Pointer<int>(),
            TapValues = values.Pointer<double>(),
            ChannelScales = isExact ? channelScales.Pointer<double>() : null,
            Bias = PointerOrNull<double>(wideBias),
            Y = y.Pointer<float>(),
            Length = length,
            Channels = channels,
            TapCount = tapCount,
            Rows = new RowTiling(checked(batch * length), channels),
        };
        _tiles.Run<QuantizedConvolutionKernel, double>(kernel, kernel.Rows.Tiles, (tapCount + ExponentialCost) * y.Shape.ElementCount);
        return y;
    }

    /// <inheritdoc/>
    public Tensor GatherQuantizedRows(WeightCodes table, ReadOnlySpan<int> rows)
    {
        WeightGroups groups = Groups(table);
        foreach (int row in rows)
        {
            if ((uint)row >= (uint)groups.Outputs)
            {
                throw new ArgumentOutOfRangeException(nameof(rows), row, $"the table has {groups.Outputs} rows");
            }
        }

        CpuTensor result = New(DType.F32, new Shape(rows.Length, groups.Inputs));
        float* target = result.Pointer<float>();
        for (int i = 0; i < rows.Length; i++)
        {
            groups.Dequantize(rows[i], 0, groups.Inputs, target + ((long)i * groups.Inputs));
        }

        return result;
    }

    /// <inheritdoc/>
    public Tensor Dequantize(ActivationCodes x)
    {
        ArgumentNullException.ThrowIfNull(x);
        int columns = x.Codes.Shape.Columns;
        ActivationScales scales = Scales(x, columns);
        CpuTensor result = New(DType.F32, x.Codes.Shape);
        float* target = result.Pointer<float>();
        var rows = new RowTiling(RowsOf(x.Codes), columns);
        _tiles.Run(rows.Tiles, result.Shape.ElementCount, tile =>
        {
            for (int row = rows.First(tile); row < rows.End(tile); row++)
            {
                long first = (long)row * columns;
                CodeConversion.Dequantize(scales.Codes + first, scales.ZeroPoint(row), scales.Scale(row), target + first, columns);
            }
        });
        return result;
    }

    /// <summary>Rounds activations; gives the results back where one of them is not finite.</summary>
    private void Quantize(Tensor x, CodeGrid grid, CpuTensor codes, float scale, int zeroPoint, CpuTensor? scales, CpuTensor? zeroPoints)
    {
        int foundNonFinite = 0;
        var kernel = new QuantizeActivationKernel
        {
            X = Own(x).Pointer<float>(),
            Codes = codes.Pointer<sbyte>(),
            TokenScales = PointerOrNull<float>(scales),
            TokenZeroPoints = PointerOrNull<int>(zeroPoints),
            Scale = scale,
            ZeroPoint = zeroPoint,
            Grid = grid,
            Columns = x.Shape.Columns,
            Rows = new RowTiling(RowsOf(x), x.Shape.Columns),
            FoundNonFinite = &foundNonFinite,
        };
        _tiles.Run<QuantizeActivationKernel, float>(kernel, kernel.Rows.Tiles, 2 * x.Shape.ElementCount);
        if (foundNonFinite != 0)
        {
            codes.Dispose();
            scales?.Dispose();
            zeroPoints?.Dispose();
            var values = new ReadOnlySpan<float>(kernel.X, checked((int)x.Shape.ElementCount));
            int place = 0;
            while (float.IsFinite(values[place]))
            {
                place++;
            }

            throw new NumericalException(
                $"activations {x} hold {values[place]} at row {place / kernel.Columns}, channel {place % kernel.Columns}; what is not finite has no code");
        }
    }

    /// <summary>The integer product: codes widened once, then panels of outputs.</summary>
    private void MultiplyCodes(ActivationScales scales, WeightGroups groups, float* bias, float* y, int rows)
    {
        int stride = CodeWideningKernel.Stride(groups);
        using CpuTensor widened = New(DType.I32, new Shape(rows, (stride / 2) + 1));
        using CpuTensor? sums = groups.IsAsymmetric ? New(DType.I32, new Shape(rows, groups.Groups)) : null;
        var widening = new CodeWideningKernel
        {
            Codes = scales.Codes,
            Widened = (short*)widened.Pointer<int>(),
            GroupSums = PointerOrNull<int>(sums),
            Groups = groups,
            Rows = new RowTiling(rows, groups.Inputs),
        };
        _tiles.Run<CodeWideningKernel, double>(widening, widening.Rows.Tiles, (long)rows * groups.Inputs / 8);
        var kernel = new QuantizedLinearKernel
        {
            X = widening.Widened,
            GroupSums = widening.GroupSums,
            Scales = scales,
            Weights = groups,
            Bias = bias,
            Y = y,
            Rows = rows,
        };
        _tiles.Run<QuantizedLinearKernel, double>(kernel, kernel.Tiles, kernel.Operations);
    }

    /// <summary>The memory of activation codes of a given width.</summary>
    private static ActivationScales Scales(ActivationCodes x, int columns)
    {
        ArgumentNullException.ThrowIfNull(x);
        Expect.Columns(x.Codes, DType.I8, columns, nameof(x));
        int rows = RowsOf(x.Codes);
        if (x.TokenScales is not null)
        {
            Expect.Shaped(x.TokenScales, DType.F32, [rows], nameof(x));
        }

        if (x.TokenZeroPoints is not null)
        {
            Expect.Shaped(x.TokenZeroPoints, DType.I32, [rows], nameof(x));
        }

        return new ActivationScales(
            Own(x.Codes).Pointer<sbyte>(), x.Scale, x.ZeroPoint, PointerOrNull<float>(x.TokenScales), PointerOrNull<int>(x.TokenZeroPoints));
    }

    /// <summary>The memory of weight codes, their scales checked.</summary>
    private static WeightGroups Groups(WeightCodes weight)
    {
        ArgumentNullException.ThrowIfNull(weight);
        Expect.Ranked(weight.Codes, DType.I8, 2, nameof(weight));
        return Groups(weight.Codes, weight.Scales, weight.ZeroPoints, weight.GroupSize);
    }

    private static WeightGroups Groups(Tensor codes, Tensor scales, Tensor? zeroPoints, int groupSize)
    {
        (int outputs, int inputs) = (codes.Shape[0], codes.Shape[1]);
        bool isPerTensor = scales.Shape == new Shape(1, 1) && (outputs != 1 || groupSize >= inputs);
        ArgumentOutOfRangeException.ThrowIfLessThan(groupSize, inputs == 0 || isPerTensor ? 0 : 1, nameof(groupSize));
        int[] expected = isPerTensor ? [1, 1] : [outputs, WeightGroups.CountGroups(inputs, Math.Min(groupSize, inputs))];
        Expect.Shaped(scales, DType.F32, expected);
        if (zeroPoints is not null)
        {
            Expect.Shaped(zeroPoints, DType.I32, expected);
        }

        return new WeightGroups(
            Own(codes).Pointer<sbyte>(), Own(scales).Pointer<float>(), PointerOrNull<int>(zeroPoints), outputs, inputs, groupSize, isPerTensor);
    }

    /// <summary>The number of rows when all dimensions but the last are flattened, also where the last one is 0.</summary>
    private static int RowsOf(Tensor tensor) =>
        tensor.Shape.Rank == 0 ? 1 : tensor.Shape.Extents[..^1].Aggregate(1, (product, extent) => checked(product * extent));

    private static void ThrowIfNotAGrid(CodeGrid grid)
    {
        if (grid.Bits is < 2 or > 8)
        {
            throw new ArgumentOutOfRangeException(nameof(grid), grid.Bits, "codes have 2 to 8 bits");
        }
    }
}
