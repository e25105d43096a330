using Microsoft.Win32.SafeHandles;

namespace MambaQuant.Quant.Safetensors;

/// <summary>A file that is written beside its place, as "name.partial", and renamed into it when it is whole.</summary>
/// <remarks>Nobody ever sees half a file under the final name. Disposing without <see cref="Publish"/> deletes what was written.</remarks>
internal sealed class PartialFile : IDisposable
{
    private readonly string _path;
    private readonly string _partialPath;
    private readonly SafeFileHandle _handle;
    private bool _published;

    /// <summary>Creates the partial file, replacing one that a killed run left.</summary>
    /// <param name="path">The final path.</param>
    /// <param name="sizeBytes">The size it will have; the space is taken at once, so that a full disk is found before the work.</param>
    /// <exception cref="IOException">The file cannot be made, or the disk has no room for it.</exception>
    public PartialFile(string path, long sizeBytes)
    {
        _path = path;
        _partialPath = path + ".partial";
        try
        {
            _handle = File.OpenHandle(_partialPath, FileMode.Create, FileAccess.Write, FileShare.None, FileOptions.None, sizeBytes);
        }
        catch (IOException exception)
        {
            if (File.Exists(_partialPath))
            {
                File.Delete(_partialPath);
            }

            throw Failure(exception, sizeBytes);
        }
    }

    /// <summary>Writes bytes at a position.</summary>
    /// <exception cref="IOException">The write failed, most often because the disk is full.</exception>
    public void Write(ReadOnlySpan<byte> bytes, long position)
    {
        try
        {
            RandomAccess.Write(_handle, bytes, position);
        }
        catch (Exception exception) when (exception is IOException or ArgumentOutOfRangeException)
        {
            // .NET reports "file too large" (EFBIG: the file system's limit, or the process's) as an argument out of range.
            throw Failure(exception, bytes.Length);
        }
    }

    /// <summary>Closes the file, which keeps its partial name.</summary>
    /// <param name="flush">Whether to make sure first that the bytes are on the disk.</param>
    public void Seal(bool flush)
    {
        try
        {
            if (flush)
            {
                RandomAccess.FlushToDisk(_handle);
            }
        }
        catch (IOException exception)
        {
            throw Failure(exception, 0);
        }

        _handle.Dispose();
    }

    /// <summary>Gives the sealed file its final name, replacing an older one.</summary>
    public void Publish()
    {
        File.Move(_partialPath, _path, overwrite: true);
        _published = true;
    }

    /// <summary>Closes the file and, unless it was published, deletes it.</summary>
    public void Dispose()
    {
        _handle.Dispose();
        if (!_published)
        {
            File.Delete(_partialPath);
        }
    }

    private IOException Failure(Exception exception, long bytes) => new(
        $"cannot write '{_path}' ({bytes} bytes wanted): {exception.Message} Make sure that the folder exists and its disk has room; no partial file is left.",
        exception);
}
