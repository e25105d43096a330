namespace MambaQuant.Pipeline.Execution;

/// <summary>How far a download is.</summary>
/// <param name="File">The file at hand.</param>
/// <param name="DoneBytes">Bytes of all files that are there.</param>
/// <param name="TotalBytes">Bytes of all files.</param>
public readonly record struct DownloadProgress(string File, long DoneBytes, long TotalBytes);
