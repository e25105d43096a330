namespace MambaQuant.Quant.Checkpoints;

/// <summary>A tensor that was written to a checkpoint.</summary>
/// <param name="Name">Its full name.</param>
/// <param name="SizeBytes">Bytes of its values.</param>
/// <param name="Sha256">SHA-256 of these bytes.</param>
public sealed record WrittenTensor(string Name, long SizeBytes, string Sha256);
