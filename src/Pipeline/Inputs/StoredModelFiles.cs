using System.Collections.Immutable;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Quant.Safetensors;

namespace MambaQuant.Pipeline.Inputs;

/// <summary>The files of a model that a client has uploaded.</summary>
/// <param name="store">The store.</param>
/// <param name="files">SHA-256 of every file, by its name.</param>
/// <remarks>Memory: some MB for all files together, whatever their size, and what the store fetches ahead of one read.</remarks>
public sealed class StoredModelFiles(IArtifactStore store, ImmutableSortedDictionary<string, string> files) : IModelFiles
{
    private readonly StoredInputReader _reader = new(store);
    private readonly ImmutableSortedDictionary<string, string> _files = files.WithComparers(StringComparer.Ordinal);

    /// <inheritdoc/>
    public string Description => $"uploaded model in {store.Description}";

    /// <inheritdoc/>
    public IReadOnlyList<string> Names => [.. _files.Keys];

    /// <inheritdoc/>
    public bool Contains(string name) => _files.ContainsKey(name);

    /// <inheritdoc/>
    public string Locate(string name) => _files.TryGetValue(name, out string? sha256)
        ? _reader.Locate(new InputFile(name, sha256))
        : $"{store.Description}/{StoredInputs.Prefix} ({name})";

    /// <inheritdoc/>
    /// <exception cref="ChangedInputException">The file is missing or damaged.</exception>
    /// <exception cref="ArtifactStoreException">The store cannot be read.</exception>
    public IByteSource Open(string name) => _files.TryGetValue(name, out string? sha256)
        ? new StoredInput(_reader, new InputFile(name, sha256))
        : throw new FileNotFoundException($"no file '{name}' was uploaded with the model; there are {string.Join(", ", _files.Keys)}", name);
}
