using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Kernels;

/// <summary>Judging logits. T tokens, V words.</summary>
public interface IScoreKernels
{
    /// <summary>Negative log-likelihood of the next token, in nats, fp64.</summary>
    /// <param name="logits">[T, V] F32.</param>
    /// <param name="targets">T token ids; a negative one is not scored and gives 0.</param>
    /// <param name="losses">T results.</param>
    void CrossEntropy(Tensor logits, ReadOnlySpan<int> targets, Span<double> losses);

    /// <summary>KL(reference ‖ candidate) per token in nats, fp64, and whether both prefer the same token (the first of equals).</summary>
    /// <param name="reference">[T, V] F32.</param>
    /// <param name="candidate">[T, V] F32.</param>
    /// <param name="divergences">T results.</param>
    /// <param name="agreements">T results.</param>
    void CompareDistributions(Tensor reference, Tensor candidate, Span<double> divergences, Span<bool> agreements);
}
