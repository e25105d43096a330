namespace MambaQuant.Client;

/// <summary>Sizes as text.</summary>
internal static class ByteText
{
    /// <summary>Decimal megabytes with one digit, as files are listed: "9.1".</summary>
    /// <param name="sizeBytes">The size.</param>
    public static string Megabytes(long sizeBytes) => (sizeBytes / 1e6).ToString("N1");

    /// <summary>Bytes, kilobytes, megabytes or gigabytes, whichever reads best.</summary>
    /// <param name="sizeBytes">The size.</param>
    public static string Readable(long sizeBytes) => sizeBytes switch
    {
        < 1_000 => $"{sizeBytes} B",
        < 1_000_000 => $"{sizeBytes / 1e3:0.0} kB",
        < 1_000_000_000 => $"{sizeBytes / 1e6:0.0} MB",
        _ => $"{sizeBytes / 1e9:N1} GB",
    };
}
