namespace MambaQuant.Pipeline.Artifacts;

/// <summary>The messages of every kind of store: what, where, expected against found, next step.</summary>
internal static class StoreTexts
{
    // Numbers of the system in IOException.HResult: Unix errno, and Windows results.
    private const int NoSpaceUnix = 28, QuotaLinux = 122, QuotaOther = 69, TooLargeUnix = 27, ReadOnlyUnix = 30;
    private const int NoSpaceWindows = unchecked((int)0x80070070), HandleFullWindows = unchecked((int)0x80070027), ReadOnlyWindows = unchecked((int)0x80070013);

    /// <summary>An artifact that is not there.</summary>
    /// <param name="store">The store's description.</param>
    /// <param name="name">The artifact.</param>
    public static ArtifactNotFoundException NotFound(string store, string name) =>
        new(name, $"artifact '{name}' is not in store '{store}'; the item that makes it has to run (again)");

    /// <summary>An artifact whose bytes are not those that were put.</summary>
    /// <param name="store">The store's description.</param>
    /// <param name="name">The artifact.</param>
    /// <param name="fault">What was found.</param>
    public static CorruptArtifactException Corrupt(string store, string name, string fault) =>
        new(name, $"artifact '{name}' of store '{store}' is corrupt: {fault}. {NextStep(name)}", fault);

    /// <summary>What to do about a corrupt artifact. What it is stands in its name: some are made again, others are told again.</summary>
    private static string NextStep(string name) => name.Split('/') switch
    {
        ["jobs", _, "journal", ..] => "Run the job again: that removes its journal, keeps what is made, and begins a new one",
        ["jobs", _, "snapshots", ..] => "The job's journal is read without it",
        ["jobs", _, "plan" or "request" or "ended"] => "Give the command that began the job again: it writes this anew",
        ["inputs", ..] => "Give the command that submitted the job again: it uploads this anew",
        _ => "Delete it; the item that makes it has to run again",
    };

    /// <summary>A block that differs from its checksum.</summary>
    /// <param name="store">The store's description.</param>
    /// <param name="seal">The artifact.</param>
    /// <param name="offset">Where the block begins.</param>
    public static CorruptArtifactException Damage(string store, ArtifactSeal seal, long offset) => Corrupt(
        store,
        seal.Info.Name,
        $"bytes {offset} to {Math.Min(offset + ArtifactSeal.BlockSize, seal.Info.Length) - 1} of {seal.Info.Length} differ from their checksum");

    /// <summary>A file system that refuses.</summary>
    /// <param name="store">The store's description.</param>
    /// <param name="what">What was being done, such as "writing 'a/b'".</param>
    /// <param name="cause">What the system said.</param>
    public static ArtifactStoreException Failed(string store, string what, Exception cause) => new(
        cause switch
        {
            UnauthorizedAccessException => $"store '{store}' may not be used by this user ({what}): {cause.Message} Check its owner and permissions",
            { HResult: NoSpaceUnix or QuotaLinux or QuotaOther or TooLargeUnix or NoSpaceWindows or HandleFullWindows } =>
                $"store '{store}' is full ({what}): {cause.Message}. Free some space ('mambaquant jobs gc' removes what no job needs), or name another store",
            { HResult: ReadOnlyUnix or ReadOnlyWindows } => $"store '{store}' is read-only ({what}): {cause.Message}. Name a store that can be written",
            _ => $"store '{store}' failed ({what}): {cause.Message}",
        },
        cause);

    /// <summary>A place that cannot become a store, or be opened as one.</summary>
    /// <param name="store">The store's description.</param>
    /// <param name="cause">What the system said.</param>
    public static ArtifactStoreException CannotOpen(string store, Exception cause) => File.Exists(store)
        ? IsFile(store, cause)
        : cause is DirectoryNotFoundException or FileNotFoundException || FileInTheWay(store) is not null
            ? new ArtifactStoreException(
                $"there can be no store at '{store}': expected a place in which a folder can be made, found {(FileInTheWay(store) is { } file ? $"the file '{file}' on the way to it" : $"none ({cause.Message})")}. Name another folder, or the address of a blob container",
                cause)
            : Failed(store, "opening it", cause);

    /// <summary>A file where a store should be.</summary>
    /// <param name="store">The store's description.</param>
    /// <param name="cause">What the system said, if it was asked.</param>
    public static ArtifactStoreException IsFile(string store, Exception? cause = null) =>
        new($"'{store}' is no store: expected a folder, found a file. Name a folder that is a store, empty or new, or the address of a blob container", cause);

    /// <summary>Whether an exception is a file system's.</summary>
    /// <param name="failure">The exception.</param>
    public static bool IsSystemFailure(Exception failure) => failure is IOException and not ArtifactStoreException or UnauthorizedAccessException;

    private static string? FileInTheWay(string path)
    {
        string? above = Path.GetDirectoryName(path);
        while (above is not null && !Directory.Exists(above) && !File.Exists(above))
        {
            above = Path.GetDirectoryName(above);
        }

        return File.Exists(above) ? above : null;
    }

    /// <summary>A range outside of an artifact.</summary>
    /// <param name="info">The artifact.</param>
    /// <param name="offset">First byte.</param>
    /// <param name="length">Bytes from there; null for all the rest.</param>
    /// <returns>Bytes of the range.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The range lies outside the artifact.</exception>
    public static long CheckRange(ArtifactInfo info, long offset, long? length)
    {
        if (offset < 0 || offset > info.Length)
        {
            throw new ArgumentOutOfRangeException(nameof(offset), offset, $"artifact '{info.Name}' has {info.Length} bytes");
        }

        if (length < 0 || length > info.Length - offset)
        {
            throw new ArgumentOutOfRangeException(nameof(length), length, $"artifact '{info.Name}' has {info.Length - offset} bytes from {offset}");
        }

        return length ?? (info.Length - offset);
    }
}
