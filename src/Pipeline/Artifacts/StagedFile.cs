using Microsoft.Win32.SafeHandles;

namespace MambaQuant.Pipeline.Artifacts;

/// <summary>A file that is being written under a temporary name, locked while it is; deleted unless it got its final name.</summary>
internal sealed class StagedFile : IDisposable
{
    private readonly SafeFileHandle _handle;
    private bool _published;

    private StagedFile(string path, SafeFileHandle handle)
    {
        Path = path;
        _handle = handle;
    }

    /// <summary>Its temporary path.</summary>
    public string Path { get; }

    /// <summary>Makes an empty file.</summary>
    /// <param name="path">Where; nothing is there.</param>
    public static StagedFile Create(string path) =>
        new(path, File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.Delete));

    /// <summary>Writes.</summary>
    /// <param name="bytes">What.</param>
    /// <param name="offset">Where in the file.</param>
    public void Write(ReadOnlySpan<byte> bytes, long offset) => RandomAccess.Write(_handle, bytes, offset);

    /// <summary>Waits until the bytes are on the disk.</summary>
    public void FlushToDisk() => RandomAccess.FlushToDisk(_handle);

    /// <summary>Gives the file its final name unless the name is taken; the lock is held until it has it.</summary>
    /// <param name="path">The final path.</param>
    /// <returns>False where the name is taken.</returns>
    public bool TryPublish(string path) => _published = ExclusiveRename.TryRename(Path, path);

    /// <summary>Closes the file, and deletes it unless it was published.</summary>
    public void Dispose()
    {
        if (!_published)
        {
            // Deleted before it is closed, so that nobody cleans up between the two and takes a later file of that name.
            File.Delete(Path);
        }

        _handle.Dispose();
    }
}
