using MambaQuant.Quant.Kernels.Cpu.Forward;
using MambaQuant.Quant.Kernels.Cpu.Simd;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Kernels.Cpu;

/// <content>The floating-point forward pass: shapes are checked here, the arithmetic is in the kernels of the folder Forward.</content>
public sealed unsafe partial class CpuKernels
{
    /// <summary>An exponential, with the division that follows it, counts as so many multiply-adds.</summary>
    private const long ExponentialCost = 8;

    /// <inheritdoc/>
    public Tensor GatherRows(Tensor table, ReadOnlySpan<int> rows)
    {
        Expect.Ranked(table, DType.F32, 2);
        foreach (int row in rows)
        {
            if ((uint)row >= (uint)table.Shape[0])
            {
                throw new ArgumentOutOfRangeException(nameof(rows), row, $"the table has {table.Shape[0]} rows");
            }
        }

        int columns = table.Shape.Columns;
        CpuTensor result = New(DType.F32, new Shape(rows.Length, columns));
        float* source = Own(table).Pointer<float>();
        float* target = result.Pointer<float>();
        for (int i = 0; i < rows.Length; i++)
        {
            new ReadOnlySpan<float>(source + ((nint)rows[i] * columns), columns).CopyTo(new Span<float>(target + ((nint)i * columns), columns));
        }

        return result;
    }

    /// <inheritdoc/>
    public Tensor RmsNorm(Tensor x, Tensor? weight, float epsilon)
    {
        Expect.Typed(x, DType.F32);
        int columns = x.Shape.Columns;
        if (weight is not null)
        {
            Expect.Shaped(weight, DType.F32, [columns]);
        }

        CpuTensor y = New(DType.F32, x.Shape);
        var kernel = new RmsNormKernel(Own(x).Pointer<float>(), PointerOrNull<float>(weight), y.Pointer<float>(), x.Shape.Rows, columns, epsilon);
        _tiles.Run<RmsNormKernel, float>(kernel, kernel.Tiles, 2 * x.Shape.ElementCount);
        return y;
    }

    /// <inheritdoc/>
    public Tensor Linear(Tensor x, Tensor weight, Tensor? bias)
    {
        Expect.Ranked(weight, DType.F32, 2);
        Expect.Columns(x, DType.F32, weight.Shape[1]);
        int outputs = weight.Shape[0];
        if (bias is not null)
        {
            Expect.Shaped(bias, DType.F32, [outputs]);
        }

        int rows = x.Shape.Extents[..^1].Aggregate(1, (product, extent) => checked(product * extent));
        CpuTensor y = New(DType.F32, new Shape([.. x.Shape.Extents[..^1], outputs]));
        var kernel = new LinearKernel(
            Own(x).Pointer<float>(), Own(weight).Pointer<float>(), PointerOrNull<float>(bias), y.Pointer<float>(), rows, weight.Shape[1], outputs);
        _tiles.Run<LinearKernel, float>(kernel, kernel.Tiles, kernel.Operations);
        return y;
    }

    /// <inheritdoc/>
    public Tensor ShiftIn(Tensor x, Tensor window)
    {
        Expect.Ranked(x, DType.F32, 3);
        Expect.Ranked(window, DType.F32, 3);
        (int batch, int length, int channels) = (x.Shape[0], x.Shape[1], x.Shape[2]);
        int kept = window.Shape[1];
        Expect.Shaped(window, DType.F32, [batch, kept, channels]);
        CpuTensor extended = New(DType.F32, new Shape(batch, checked(kept + length), channels));
        float* inputs = Own(x).Pointer<float>();
        float* carried = Own(window).Pointer<float>();
        float* result = extended.Pointer<float>();
        long keptBytes = checked((long)kept * channels * sizeof(float));
        long inputBytes = checked((long)length * channels * sizeof(float));
        _tiles.Run(batch, x.Shape.ElementCount, sequence =>
        {
            byte* target = (byte*)result + (sequence * (keptBytes + inputBytes));
            byte* state = (byte*)carried + (sequence * keptBytes);
            Buffer.MemoryCopy(state, target, keptBytes, keptBytes);
            Buffer.MemoryCopy((byte*)inputs + (sequence * inputBytes), target + keptBytes, inputBytes, inputBytes);
            Buffer.MemoryCopy(target + inputBytes, state, keptBytes, keptBytes);
        });
        return extended;
    }

    /// <inheritdoc/>
    public Tensor CausalConvolutionSilu(Tensor extended, Tensor taps, Tensor? bias)
    {
        Expect.Ranked(extended, DType.F32, 3);
        Expect.Ranked(taps, DType.F32, 2);
        (int batch, int extendedLength, int channels) = (extended.Shape[0], extended.Shape[1], extended.Shape[2]);
        int tapCount = taps.Shape[1];
        Expect.Shaped(taps, DType.F32, [channels, tapCount]);
        int length = extendedLength - (tapCount - 1);
        if (tapCount < 1 || length < 0)
        {
            throw new ArgumentException($"{taps} needs at least {tapCount - 1} rows before the sequence, found {extended}", nameof(extended));
        }

        if (bias is not null)
        {
            Expect.Shaped(bias, DType.F32, [channels]);
        }

        using CpuTensor tapRows = New(DType.F32, new Shape(tapCount, channels));
        PanelPacking.Transpose(Own(taps).Pointer<float>(), tapCount, channels, tapCount, tapRows.Pointer<float>(), channels);
        CpuTensor y = New(DType.F32, new Shape(batch, length, channels));
        var kernel = new CausalConvolutionKernel(
            Own(extended).Pointer<float>(), tapRows.Pointer<float>(), PointerOrNull<float>(bias), y.Pointer<float>(), batch, length, channels, tapCount);
        _tiles.Run<CausalConvolutionKernel, float>(kernel, kernel.Tiles, (tapCount + ExponentialCost) * y.Shape.ElementCount);
        return y;
    }

    /// <inheritdoc/>
    public void Softplus(Tensor x)
    {
        Expect.Typed(x, DType.F32);
        var kernel = new SoftplusKernel(Own(x).Pointer<float>(), x.Shape.ElementCount);
        _tiles.Run<SoftplusKernel, float>(kernel, kernel.Tiles, 2 * ExponentialCost * x.Shape.ElementCount);
    }

    /// <inheritdoc/>
    public Tensor GatedSilu(Tensor y, Tensor gate, Tensor? smoothing)
    {
        Expect.Typed(y, DType.F32);
        Expect.Shaped(gate, DType.F32, y.Shape.Extents.AsSpan());
        if (smoothing is not null)
        {
            Expect.Shaped(smoothing, DType.F32, [y.Shape.Columns]);
        }

        CpuTensor result = New(DType.F32, y.Shape);
        var kernel = new GatedSiluKernel(
            Own(y).Pointer<float>(), Own(gate).Pointer<float>(), PointerOrNull<float>(smoothing), result.Pointer<float>(), y.Shape.Rows, y.Shape.Columns);
        _tiles.Run<GatedSiluKernel, float>(kernel, kernel.Tiles, ExponentialCost * y.Shape.ElementCount);
        return result;
    }

    /// <inheritdoc/>
    public void WalshHadamard(Tensor x, HadamardTransform transform)
    {
        Expect.Floating(x);
        ArgumentNullException.ThrowIfNull(transform);
        Expect.Columns(x, x.DType, transform.Order);
        float* baseSigns = PointerOrNull<float>(transform.BaseSigns);
        long operations = x.Shape.ElementCount * (transform.BaseOrder + int.Log2(transform.PowerOfTwo));
        if (x.DType == DType.F32)
        {
            var kernel = new WalshHadamardKernel<float>(Own(x).Pointer<float>(), baseSigns, x.Shape.Rows, transform.BaseOrder, transform.PowerOfTwo);
            _tiles.Run<WalshHadamardKernel<float>, float>(kernel, kernel.Tiles, operations);
        }
        else
        {
            var kernel = new WalshHadamardKernel<double>(Own(x).Pointer<double>(), baseSigns, x.Shape.Rows, transform.BaseOrder, transform.PowerOfTwo);
            _tiles.Run<WalshHadamardKernel<double>, double>(kernel, kernel.Tiles, operations);
        }
    }

    /// <inheritdoc/>
    public void Add(Tensor target, Tensor addend)
    {
        Expect.Floating(target);
        Expect.Shaped(addend, target.DType, target.Shape.Extents.AsSpan());
        if (target.DType == DType.F32)
        {
            var kernel = new AddKernel<float>(Own(target).Pointer<float>(), Own(addend).Pointer<float>(), target.Shape.ElementCount);
            _tiles.Run<AddKernel<float>, float>(kernel, kernel.Tiles, target.Shape.ElementCount);
        }
        else
        {
            var kernel = new AddKernel<double>(Own(target).Pointer<double>(), Own(addend).Pointer<double>(), target.Shape.ElementCount);
            _tiles.Run<AddKernel<double>, double>(kernel, kernel.Tiles, target.Shape.ElementCount);
        }
    }

    /// <inheritdoc/>
    public Tensor SliceColumns(Tensor x, int first, int count)
    {
        Expect.Floating(x);
        Shape shape = x.Shape;
        if (shape.Rank == 0 || first < 0 || count < 0 || first > shape.Columns - count)
        {
            throw new ArgumentOutOfRangeException(nameof(first), $"columns {first} to {(long)first + count} lie outside {x}");
        }

        CpuTensor result = New(x.DType, new Shape([.. shape.Extents[..^1], count]));
        byte* source = Own(x).Memory;
        byte* target = result.Memory;
        long elementBytes = x.DType.SizeBytes();
        long rowBytes = shape.Columns * elementBytes;
        long partBytes = count * elementBytes;
        var tiling = new RowTiling(count == 0 ? 0 : shape.Rows, count);
        _tiles.Run(tiling.Tiles, result.Shape.ElementCount, tile =>
        {
            for (long row = tiling.First(tile); row < tiling.End(tile); row++)
            {
                Buffer.MemoryCopy(source + (row * rowBytes) + (first * elementBytes), target + (row * partBytes), partBytes, partBytes);
            }
        });
        return result;
    }
}
