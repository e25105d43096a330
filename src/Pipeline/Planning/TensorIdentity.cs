using MambaQuant.Quant.Tensors;

namespace MambaQuant.Pipeline.Planning;

/// <summary>What decides the values of a tensor whose shape is known.</summary>
/// <param name="DType">Element type in the file.</param>
/// <param name="Sha256">SHA-256 of its bytes, as 64 lower-case hexadecimal digits.</param>
public readonly record struct TensorIdentity(DType DType, string Sha256);
