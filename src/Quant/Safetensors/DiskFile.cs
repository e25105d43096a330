using Microsoft.Win32.SafeHandles;

namespace MambaQuant.Quant.Safetensors;

/// <summary>A file on a disk. It is read, not mapped: see <see cref="SafetensorsFile"/>.</summary>
public sealed class DiskFile : IByteSource
{
    private readonly SafeFileHandle _handle;

    /// <summary>Opens a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">It is missing or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public DiskFile(string path)
    {
        _handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read, FileOptions.RandomAccess);
        Description = path;
    }

    /// <inheritdoc/>
    public string Name => Path.GetFileName(Description);

    /// <inheritdoc/>
    public string Description { get; }

    /// <inheritdoc/>
    public long Length => RandomAccess.GetLength(_handle);

    /// <inheritdoc/>
    public DateTime? LastWrite => File.GetLastWriteTimeUtc(_handle);

    /// <inheritdoc/>
    public int Read(Span<byte> destination, long offset)
    {
        int total = 0;
        while (total < destination.Length)
        {
            int read = RandomAccess.Read(_handle, destination[total..], offset + total);
            if (read == 0)
            {
                break;
            }

            total += read;
        }

        return total;
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _handle.Dispose();
}
