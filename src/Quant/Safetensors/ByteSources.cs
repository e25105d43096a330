namespace MambaQuant.Quant.Safetensors;

/// <summary>Reads small files whole.</summary>
public static class ByteSources
{
    /// <summary>All bytes of an open file; for files whose length was looked at before.</summary>
    /// <param name="source">The file.</param>
    /// <returns>Fewer than <see cref="IByteSource.Length"/> said where the file was cut short meanwhile.</returns>
    /// <exception cref="IOException">It cannot be read, or is too long for one array.</exception>
    public static byte[] ReadAll(this IByteSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        long length = source.Length;
        if (length > Array.MaxLength)
        {
            throw new IOException($"'{source.Description}' has {length} bytes, expected a small file of at most {Array.MaxLength}. Check what was named.");
        }

        var bytes = new byte[length];
        int read = source.Read(bytes, 0);
        return read == bytes.Length ? bytes : bytes[..read];
    }

    /// <summary>All bytes of a file of a model.</summary>
    /// <param name="files">The model.</param>
    /// <param name="name">The file's name.</param>
    /// <exception cref="IOException">It is missing, cannot be read, or is too long for one array.</exception>
    public static byte[] ReadAll(this IModelFiles files, string name)
    {
        ArgumentNullException.ThrowIfNull(files);
        using IByteSource source = files.Open(name);
        return source.ReadAll();
    }
}
