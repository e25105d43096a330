using MambaQuant.Quant.Kernels.Cpu.Algebra;
using MambaQuant.Quant.Kernels.Cpu.Simd;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Kernels.Cpu.Quantized;

/// <summary>The reference of <see cref="QuantizedLinearKernel"/>: fp64 products of dequantized values, group after group, rounded once to fp32.</summary>
/// <remarks>
/// Dequantized values are exact in fp64; only their products and sums round, at 2^-53 of Σ |x w|. The fp32 result differs from the integer
/// one where the sum lies next to a tie, or where it is 0 by cancellation and the reference leaves 1e-16 of the terms: 3 times in 3,145,728
/// random products over 2560 inputs, all of the second kind. A block of rows and outputs is dequantized at a time.
/// </remarks>
internal sealed unsafe class SimulatedProduct
{
    private const int OutputBlock = 512;
    private const int RowBlock = 1024;

    private readonly CpuMemoryPool _pool;
    private readonly TileLoop _tiles;
    private readonly BlockedProduct _product;

    /// <summary>Prepares for any number of products.</summary>
    internal SimulatedProduct(CpuMemoryPool pool, TileLoop tiles)
    {
        _pool = pool;
        _tiles = tiles;
        _product = new BlockedProduct(pool, tiles);
    }

    /// <summary>Computes y.</summary>
    /// <param name="x">[T, I] codes.</param>
    /// <param name="groups">[O, I] codes.</param>
    /// <param name="bias">[O], or null.</param>
    /// <param name="y">[T, O].</param>
    /// <param name="rows">T.</param>
    internal void Run(ActivationScales x, WeightGroups groups, float* bias, float* y, int rows)
    {
        int inputs = groups.Inputs;
        using var left = new CpuTensor(_pool, DType.F64, new Shape(Math.Min(rows, RowBlock), inputs));
        using var right = new CpuTensor(_pool, DType.F64, new Shape(Math.Min(groups.Outputs, OutputBlock), inputs));
        using var totals = new CpuTensor(_pool, DType.F64, new Shape(Math.Min(rows, RowBlock), Math.Min(groups.Outputs, OutputBlock)));
        double* values = left.Pointer<double>();
        double* weights = right.Pointer<double>();
        for (int firstOutput = 0; firstOutput < groups.Outputs; firstOutput += OutputBlock)
        {
            int outputs = Math.Min(OutputBlock, groups.Outputs - firstOutput);
            int output = firstOutput;
            _tiles.Run(outputs, (long)outputs * inputs, o => groups.Dequantize(output + o, 0, inputs, weights + ((long)o * inputs)));
            for (int firstRow = 0; firstRow < rows; firstRow += RowBlock)
            {
                int count = Math.Min(RowBlock, rows - firstRow);
                int first = firstRow;
                _tiles.Run(count, (long)count * inputs, row => Dequantize(x, first + row, inputs, values + ((long)row * inputs)));
                var sums = new MatrixView(totals.Pointer<double>(), count, outputs);
                for (int group = 0; group < groups.Groups; group++)
                {
                    _product.Run(
                        new MatrixView(values, count, inputs).Block(0, groups.First(group), count, groups.Count(group)),
                        new MatrixView(weights, outputs, inputs).Block(0, groups.First(group), outputs, groups.Count(group)).Transposed,
                        sums,
                        group == 0 ? ProductUpdate.Overwrite : ProductUpdate.Add);
                }

                for (int row = 0; row < count; row++)
                {
                    float* target = y + ((long)(firstRow + row) * groups.Outputs) + firstOutput;
                    for (int o = 0; o < outputs; o++)
                    {
                        double sum = *sums.At(row, o);
                        target[o] = (float)(bias == null ? sum : sum + bias[firstOutput + o]);
                    }
                }
            }
        }
    }

    /// <summary>The exact fp64 values of a row of activation codes.</summary>
    private static void Dequantize(ActivationScales x, int row, int columns, double* values)
    {
        sbyte* codes = x.Codes + ((long)row * columns);
        double scale = x.Scale(row);
        int zeroPoint = x.ZeroPoint(row);
        for (int i = 0; i < columns; i++)
        {
            values[i] = scale * (codes[i] - zeroPoint);
        }
    }
}
