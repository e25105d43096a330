namespace MambaQuant.Client.Failures;

/// <summary>What the user reads about an exception.</summary>
internal static class FailureText
{
    /// <summary>The text of a failure that has its own exit code.</summary>
    /// <param name="cause">The exception.</param>
    public static string Of(Exception cause) => cause switch
    {
        OutOfMemoryException => "memory ran out; use fewer or shorter calibration sequences (--samples, --seq-len), fewer --workers, or a machine with more memory",
        IOException io when IsDiskFull(io) => $"{io.Message.TrimEnd('.')}; nothing half-written is left: free some space, or name a folder on another disk with --out",
        FileNotFoundException { FileName: { Length: > 0 } file } => $"there is no file '{file}'; check the path",
        DirectoryNotFoundException => $"{cause.Message.TrimEnd('.')}; check the path",
        UnauthorizedAccessException => $"{cause.Message.TrimEnd('.')}; check the permissions of the file or folder",
        _ => cause.Message,
    };

    /// <summary>The text of an exception that nobody foresaw.</summary>
    /// <param name="cause">The exception.</param>
    public static string OfBug(Exception cause) =>
        $"unexpected {cause.GetType().Name}: {cause.Message}\n" +
        "This is a bug in mambaquant. Please report it with the command you typed, the output of 'mambaquant doctor --format json',\n" +
        "and the trace that the same command prints with MAMBAQUANT_TRACE=1.";

    /// <summary>Whether a write failed because of the disk, a quota or the file-size limit.</summary>
    /// <param name="exception">The exception.</param>
    /// <remarks>.NET keeps errno in HResult on Unix (ENOSPC 28, EFBIG 27, EDQUOT 122), the Win32 code on Windows (112, 39).</remarks>
    public static bool IsDiskFull(IOException exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return OperatingSystem.IsWindows()
            ? (exception.HResult & 0xFFFF) is 112 or 39
            : exception.HResult is 28 or 27 or 122;
    }
}
