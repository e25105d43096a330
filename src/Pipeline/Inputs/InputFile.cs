namespace MambaQuant.Pipeline.Inputs;

/// <summary>A file that a job reads.</summary>
/// <param name="Name">Its name without a path.</param>
/// <param name="Sha256">SHA-256 of its bytes, as 64 lower-case hexadecimal digits.</param>
public readonly record struct InputFile(string Name, string Sha256);
