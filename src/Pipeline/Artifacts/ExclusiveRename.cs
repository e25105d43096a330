using System.ComponentModel;
using System.Runtime.InteropServices;

namespace MambaQuant.Pipeline.Artifacts;

/// <summary>Gives a file its final name unless the name is taken: one atomic step, also between processes.</summary>
/// <remarks>
/// On Linux renameat2 with RENAME_NOREPLACE; where the file system does not know it (NFS), and on other Unixes, a second hard link and the removal of
/// the first: a process killed between the two leaves the finished artifact and a stale temporary name of it. On Windows MoveFile, which never
/// replaces. <see cref="File.Move(string, string)"/> alone would fall back to a check followed by a rename, which two processes can pass together.
/// </remarks>
internal static partial class ExclusiveRename
{
    private const int NoSuchEntry = 2, Exists = 17, CurrentFolder = -100;
    private const uint NoReplace = 1;

    // What a file system answers that knows the call but not the flag, or a kernel without the call; numbers of Linux.
    private const int InvalidArgument = 22, NotImplemented = 38, NotSupported = 95, NotPermitted = 1;

    /// <summary>Renames.</summary>
    /// <param name="source">An existing file.</param>
    /// <param name="destination">Its new name, on the same file system.</param>
    /// <returns>False where the name is taken; the source is as it was then.</returns>
    /// <exception cref="DirectoryNotFoundException">The folder of the new name, or the source, does not exist.</exception>
    /// <exception cref="IOException">Anything else; <see cref="Exception.HResult"/> holds the system's number.</exception>
    public static bool TryRename(string source, string destination) =>
        OperatingSystem.IsWindows() ? TryMove(source, destination)
        : OperatingSystem.IsLinux() ? TryRenameOnLinux(source, destination)
        : TryLink(source, destination);

    /// <summary>By a second hard link; for file systems that cannot refuse to replace while renaming.</summary>
    /// <param name="source">An existing file.</param>
    /// <param name="destination">Its new name.</param>
    /// <returns>False where the name is taken.</returns>
    internal static bool TryLink(string source, string destination)
    {
        if (Link(source, destination) == 0)
        {
            File.Delete(source);
            return true;
        }

        return Refused(Marshal.GetLastPInvokeError(), destination);
    }

    private static bool TryRenameOnLinux(string source, string destination)
    {
        if (RenameAt(CurrentFolder, source, CurrentFolder, destination, NoReplace) == 0)
        {
            return true;
        }

        int error = Marshal.GetLastPInvokeError();
        return error is InvalidArgument or NotImplemented or NotSupported ? TryLink(source, destination) : Refused(error, destination);
    }

    private static bool TryMove(string source, string destination)
    {
        try
        {
            File.Move(source, destination, overwrite: false);
            return true;
        }
        catch (IOException) when (File.Exists(destination))
        {
            return false;
        }
    }

    private static bool Refused(int error, string destination) => error switch
    {
        Exists => false,
        NoSuchEntry => throw new DirectoryNotFoundException($"the folder of '{destination}' does not exist"),
        NotPermitted or NotSupported => throw new IOException(
            $"the file system of '{destination}' can neither rename without replacing nor make hard links; a store needs one of the two", error),
        _ => throw new IOException($"'{destination}' cannot be made: {new Win32Exception(error).Message}", error),
    };

    [LibraryImport("libc", EntryPoint = "renameat2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RenameAt(int sourceFolder, string source, int destinationFolder, string destination, uint flags);

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string source, string destination);
}
