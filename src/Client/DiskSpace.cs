namespace MambaQuant.Client;

/// <summary>How much room a disk has.</summary>
internal static class DiskSpace
{
    /// <summary>Bytes free on the disk of a folder, or null where that cannot be found out.</summary>
    /// <param name="folder">The folder; it need not exist yet.</param>
    public static long? FreeBytes(string folder)
    {
        DirectoryInfo? existing = new(Path.GetFullPath(folder));
        while (existing is { Exists: false })
        {
            existing = existing.Parent;
        }

        try
        {
            return existing is null ? null : new DriveInfo(existing.FullName).AvailableFreeSpace;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }
}
