using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Kernels;

/// <summary>What a selective scan reads. B batch, L tokens, E channels, N states; all F32.</summary>
/// <param name="X">Output of the convolution, [B, L, E].</param>
/// <param name="Delta">Time step after softplus, [B, L, E].</param>
/// <param name="A">Negative decay rates −exp(A_log), [E, N].</param>
/// <param name="B">Input matrix, [B, L, N].</param>
/// <param name="C">Output matrix, [B, L, N]; ignored where the readout brings quantized codes of it.</param>
/// <param name="D">Skip weight, [E].</param>
public readonly record struct ScanInputs(Tensor X, Tensor Delta, Tensor A, Tensor B, Tensor C, Tensor D);
