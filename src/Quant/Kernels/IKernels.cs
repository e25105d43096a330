namespace MambaQuant.Quant.Kernels;

/// <summary>The compute seam: everything the method asks of a device, on tensors that the device owns.</summary>
/// <remarks>
/// One implementation a backend. The forward pass, statistics, folding, search and GPTQ are written against this interface
/// and see only handles, never memory. Calls on one instance come from one thread at a time; an implementation
/// is parallel inside a call, and its results do not depend on the number of threads.
/// Row stability: in every operation over rows of activations, a row's result does not depend on the other rows or on how
/// many there are, so that a prefill and token-by-token decoding give the same bits.
/// </remarks>
public interface IKernels : ITensorMemory, IForwardKernels, IQuantizedKernels, IStatisticsKernels, ILinearAlgebraKernels, IScoreKernels
{
    /// <summary>Everything about the backend that can change a bit of a result: name, SIMD tier, libraries with versions, device kind.</summary>
    string Profile { get; }
}
