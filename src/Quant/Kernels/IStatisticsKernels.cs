using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Kernels;

/// <summary>What a calibration pass accumulates. T rows in all but the last dimension, C channels.</summary>
public interface IStatisticsKernels
{
    /// <summary>Adds Σ x and Σ x xᵀ of all rows.</summary>
    /// <param name="x">[..., C] F32, finite.</param>
    /// <param name="sum">[C] F64.</param>
    /// <param name="outer">[C, C] F64, symmetric; only the lower triangle (j ≤ i) is read and written.</param>
    /// <remarks>fp32 products summed in fp32 over at most 256 rows, then added in fp64, block after block from the first row: the same bits for the same calls, whatever the threads.</remarks>
    void AccumulateSecondMoment(Tensor x, Tensor sum, Tensor outer);

    /// <summary>Lowers minimum and raises maximum per channel.</summary>
    /// <param name="x">[..., C] F32, finite.</param>
    /// <param name="minimum">[C] F32.</param>
    /// <param name="maximum">[C] F32.</param>
    void AccumulateRange(Tensor x, Tensor minimum, Tensor maximum);

    /// <summary>Counts all values over the bins of <see cref="HistogramBins.ValueBin"/>.</summary>
    /// <param name="x">Any shape, F32, finite.</param>
    /// <param name="counts">[<see cref="HistogramBins.ValueBinCount"/>] I64.</param>
    void AccumulateHistogram(Tensor x, Tensor counts);

    /// <summary>The flat index of the first NaN or infinity.</summary>
    /// <param name="x">Any shape, F32 or F64.</param>
    /// <returns>The index, or −1 where all values are finite.</returns>
    long FindNonFinite(Tensor x);
}
