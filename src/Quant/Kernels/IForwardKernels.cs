using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Kernels;

/// <summary>The operations of the floating-point forward pass, fp32. B batch, L tokens, C channels, E d_inner, N d_state, K conv taps.</summary>
/// <remarks>Activations are [B, L, C] or [T, C]; results are new tensors that the caller disposes, unless said otherwise.</remarks>
public interface IForwardKernels
{
    /// <summary>Picks rows of a table (the embedding of tokens).</summary>
    /// <param name="table">[V, C] F32.</param>
    /// <param name="rows">Row indices, each in [0, V).</param>
    /// <returns>[rows, C] F32.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An index lies outside the table.</exception>
    Tensor GatherRows(Tensor table, ReadOnlySpan<int> rows);

    /// <summary>Root-mean-square normalisation: y = x / sqrt(mean(x²) + epsilon) · weight, over the last dimension.</summary>
    /// <param name="x">[..., C] F32.</param>
    /// <param name="weight">[C] F32, or null for none.</param>
    /// <param name="epsilon">Added to the mean of squares.</param>
    Tensor RmsNorm(Tensor x, Tensor? weight, float epsilon);

    /// <summary>y = x Wᵀ + bias.</summary>
    /// <param name="x">[..., I] F32.</param>
    /// <param name="weight">[O, I] F32.</param>
    /// <param name="bias">[O] F32, or null.</param>
    /// <returns>[..., O] F32.</returns>
    Tensor Linear(Tensor x, Tensor weight, Tensor? bias);

    /// <summary>Puts the last K−1 inputs before a sequence and keeps the new last K−1 for the next call.</summary>
    /// <param name="x">[B, L, C] F32.</param>
    /// <param name="window">[B, K−1, C] F32; read, then overwritten with the last K−1 rows of the result.</param>
    /// <returns>[B, K−1+L, C] F32.</returns>
    Tensor ShiftIn(Tensor x, Tensor window);

    /// <summary>Depthwise causal convolution over time, then SiLU: y[t] = silu(bias + Σ_j taps[c, j] · extended[t+j]).</summary>
    /// <param name="extended">[B, K−1+L, C] F32, from <see cref="ShiftIn"/>.</param>
    /// <param name="taps">[C, K] F32; the last tap meets the current token.</param>
    /// <param name="bias">[C] F32, or null.</param>
    /// <returns>[B, L, C] F32.</returns>
    Tensor CausalConvolutionSilu(Tensor extended, Tensor taps, Tensor? bias);

    /// <summary>In place: x ← log(1 + eˣ), stable for every finite x.</summary>
    /// <param name="x">Any shape, F32.</param>
    void Softplus(Tensor x);

    /// <summary>Selective scan: h ← exp(Δ A) h + Δ x B; y = Σ_n h C + D x, one pass over time, no [B, L, E, N] tensor.</summary>
    /// <param name="inputs">x, Δ, A, B, C, D; see <see cref="ScanInputs"/>.</param>
    /// <param name="state">[B, E, N] F32; read as the state before the first token, overwritten with the last.</param>
    /// <param name="readout">How h and C meet (rotation, quantization), or null for a plain product.</param>
    /// <param name="observation">What to record of h on the way, or null.</param>
    /// <returns>y, [B, L, E] F32.</returns>
    Tensor SelectiveScan(in ScanInputs inputs, Tensor state, ScanReadout? readout, ScanObservation? observation);

    /// <summary>Gate with smooth SiLU: g = y · z · σ(s · z), s = 1 where no smoothing is given.</summary>
    /// <param name="y">[B, L, E] F32.</param>
    /// <param name="gate">z, [B, L, E] F32.</param>
    /// <param name="smoothing">s, [E] F32, or null.</param>
    Tensor GatedSilu(Tensor y, Tensor gate, Tensor? smoothing);

    /// <summary>In place: every row x ← x · H, H = base ⊗ Sylvester(2^k), orthonormal, without forming H.</summary>
    /// <param name="x">[..., m·2^k], F32 or F64.</param>
    /// <param name="transform">The factorization, see <see cref="HadamardTransform"/>.</param>
    /// <exception cref="ArgumentException">The last extent is not the transform's order.</exception>
    void WalshHadamard(Tensor x, HadamardTransform transform);

    /// <summary>In place: target ← target + addend.</summary>
    /// <param name="target">Any shape, F32 or F64.</param>
    /// <param name="addend">Same shape and dtype.</param>
    void Add(Tensor target, Tensor addend);

    /// <summary>Copies a range of columns.</summary>
    /// <param name="x">[..., C] F32 or F64.</param>
    /// <param name="first">First column.</param>
    /// <param name="count">Number of columns.</param>
    /// <returns>[..., count].</returns>
    Tensor SliceColumns(Tensor x, int first, int count);
}
