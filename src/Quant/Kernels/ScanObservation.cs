using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Kernels;

/// <summary>Accumulators that a scan updates with every h that meets C (after the readout's rotation, before quantization).</summary>
/// <param name="AbsoluteMaximum">[E, N] F32: largest |h| so far.</param>
/// <param name="Counts">[E, <see cref="HistogramBins.MagnitudeBinCount"/>] I64: histogram of |h| over fixed magnitude bins, or null.</param>
public sealed record ScanObservation(Tensor AbsoluteMaximum, Tensor? Counts);
