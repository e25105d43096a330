namespace MambaQuant.Pipeline.Inputs;

/// <summary>How far an upload is.</summary>
/// <param name="File">The file at hand.</param>
/// <param name="DoneBytes">Bytes of all files that are there, those that were before included.</param>
/// <param name="TotalBytes">Bytes of all files.</param>
/// <param name="SentBytes">Bytes that were sent.</param>
public readonly record struct UploadProgress(string File, long DoneBytes, long TotalBytes, long SentBytes);
