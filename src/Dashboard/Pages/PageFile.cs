namespace MambaQuant.Dashboard.Pages;

/// <summary>A file of the page.</summary>
/// <param name="ContentType">What it is.</param>
/// <param name="Plain">Its content.</param>
/// <param name="Packed">Its content, by gzip.</param>
/// <param name="Tag">Tells it from the file of another version.</param>
internal sealed record PageFile(string ContentType, ReadOnlyMemory<byte> Plain, ReadOnlyMemory<byte> Packed, string Tag);
