namespace MambaQuant.Quant.Safetensors;

/// <summary>The files of a model in a folder.</summary>
public sealed class ModelFolder : IModelFiles
{
    private ModelFolder(string path)
    {
        Path = path;
    }

    /// <summary>The folder, as it was named.</summary>
    public string Path { get; }

    /// <inheritdoc/>
    public string Description => Path;

    /// <inheritdoc/>
    public IReadOnlyList<string> Names => [.. Directory.EnumerateFiles(Path).Select(path => System.IO.Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    /// <summary>Takes a folder that is there.</summary>
    /// <param name="path">The folder.</param>
    /// <exception cref="UnsupportedModelException">It is missing, a hub id ("org/name"), or a file; the message says what helps.</exception>
    public static ModelFolder Open(string path)
    {
        ModelDirectory.EnsureExists(path);
        return new ModelFolder(path);
    }

    /// <inheritdoc/>
    public bool Contains(string name) => File.Exists(Locate(name));

    /// <inheritdoc/>
    public string Locate(string name) => System.IO.Path.Combine(Path, name);

    /// <inheritdoc/>
    IByteSource IModelFiles.Open(string name) => new DiskFile(Locate(name));
}
