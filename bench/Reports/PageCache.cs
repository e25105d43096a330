using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace MambaQuant.Reports;

/// <summary>Makes the system forget what it keeps of files in memory, so that the next read is the disk's.</summary>
internal static partial class PageCache
{
    private const int DoNotNeed = 4;

    /// <summary>Forgets all files below a folder; they have to be on the disk already.</summary>
    /// <param name="folder">The folder.</param>
    public static void Forget(DirectoryInfo folder)
    {
        foreach (FileInfo file in folder.EnumerateFiles("*", SearchOption.AllDirectories))
        {
            using SafeFileHandle handle = File.OpenHandle(file.FullName);
            if (OperatingSystem.IsLinux() && Advise(handle, 0, 0, DoNotNeed) != 0)
            {
                throw new IOException($"'{file.FullName}' stays in the page cache");
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    private static partial int Advise(SafeFileHandle file, long offset, long length, int advice);
}
