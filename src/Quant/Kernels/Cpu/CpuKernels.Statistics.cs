using MambaQuant.Quant.Kernels.Cpu.Simd;
using MambaQuant.Quant.Kernels.Cpu.Statistics;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Kernels.Cpu;

/// <content>What a calibration pass accumulates.</content>
public sealed unsafe partial class CpuKernels
{
    /// <summary>Values that share one set of counters: many beside the bins that are merged after them.</summary>
    private const int HistogramTile = 1 << 18;

    /// <inheritdoc/>
    public void AccumulateSecondMoment(Tensor x, Tensor sum, Tensor outer)
    {
        Expect.Typed(x, DType.F32);
        int rows = x.Shape.Rows;
        int channels = x.Shape.Columns;
        Expect.Shaped(sum, DType.F64, [channels]);
        Expect.Shaped(outer, DType.F64, [channels, channels]);
        float* values = Own(x).Pointer<float>();
        double* products = Own(outer).Pointer<double>();
        double* sums = Own(sum).Pointer<double>();
        int sumTiles = (channels + ColumnSums.ChannelsPerTile - 1) / ColumnSums.ChannelsPerTile;
        _tiles.Run(sumTiles, x.Shape.ElementCount, tile => ColumnSums.Add(values, sums, rows, channels, tile));
        using CpuTensor transposed = New(DType.F32, new Shape(channels, SecondMomentKernel.TransposedStride));
        float* turned = transposed.Pointer<float>();
        for (int first = 0; first < rows; first += SecondMomentKernel.BlockRows)
        {
            int block = Math.Min(SecondMomentKernel.BlockRows, rows - first);
            float* start = values + ((nint)first * channels);
            var turn = new SecondMomentTranspose(start, turned, block, channels);
            _tiles.Run<SecondMomentTranspose, float>(turn, turn.Tiles, (long)block * channels);
            var multiply = new SecondMomentKernel(start, turned, products, block, channels);
            _tiles.Run<SecondMomentKernel, float>(multiply, multiply.Tiles, (long)block * channels * channels / 2);
        }
    }

    /// <inheritdoc/>
    public void AccumulateRange(Tensor x, Tensor minimum, Tensor maximum)
    {
        Expect.Typed(x, DType.F32);
        int channels = x.Shape.Columns;
        Expect.Shaped(minimum, DType.F32, [channels]);
        Expect.Shaped(maximum, DType.F32, [channels]);
        var kernel = new RangeKernel(
            Own(x).Pointer<float>(), Own(minimum).Pointer<float>(), Own(maximum).Pointer<float>(), x.Shape.Rows, channels);
        _tiles.Run<RangeKernel, float>(kernel, kernel.Tiles, x.Shape.ElementCount);
    }

    /// <inheritdoc/>
    public void AccumulateHistogram(Tensor x, Tensor counts)
    {
        Expect.Typed(x, DType.F32);
        Expect.Shaped(counts, DType.I64, [HistogramBins.ValueBinCount]);
        float* values = Own(x).Pointer<float>();
        long* total = Own(counts).Pointer<long>();
        long elements = x.Shape.ElementCount;
        int tiles = checked((int)((elements + HistogramTile - 1) / HistogramTile));
        _tiles.Run(tiles, elements, tile =>
        {
            int* bins = (int*)_pool.Rent(HistogramBins.ValueBinCount * sizeof(int));
            new Span<int>(bins, HistogramBins.ValueBinCount).Clear();
            long end = Math.Min(elements, (tile + 1L) * HistogramTile);
            for (long i = (long)tile * HistogramTile; i < end; i++)
            {
                bins[HistogramBins.ValueBin(values[i])]++;
            }

            // Sums of integers are the same in every order.
            for (int bin = 0; bin < HistogramBins.ValueBinCount; bin++)
            {
                if (bins[bin] != 0)
                {
                    Interlocked.Add(ref total[bin], bins[bin]);
                }
            }

            _pool.Return((byte*)bins, HistogramBins.ValueBinCount * sizeof(int));
        });
    }

    /// <inheritdoc/>
    public long FindNonFinite(Tensor x)
    {
        Expect.Floating(x);
        long first = long.MaxValue;
        long count = x.Shape.ElementCount;
        if (x.DType == DType.F32)
        {
            var kernel = new FindNonFiniteKernel<float>(Own(x).Pointer<float>(), count, &first);
            _tiles.Run<FindNonFiniteKernel<float>, float>(kernel, kernel.Tiles, count);
        }
        else
        {
            var kernel = new FindNonFiniteKernel<double>(Own(x).Pointer<double>(), count, &first);
            _tiles.Run<FindNonFiniteKernel<double>, double>(kernel, kernel.Tiles, count);
        }

        return first == long.MaxValue ? -1 : first;
    }
}
