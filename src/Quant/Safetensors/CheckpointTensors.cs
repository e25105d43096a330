using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Safetensors;

/// <summary>All tensors of a model folder, whether it is one file or shards with an index.</summary>
/// <remarks>Opening reads and checks every header and no values. Safe for concurrent reads. Dispose closes all files.</remarks>
public sealed class CheckpointTensors : IDisposable
{
    /// <summary>The file of a checkpoint that is not sharded.</summary>
    public const string SingleFileName = "model.safetensors";

    /// <summary>The file that says which shard holds which tensor.</summary>
    public const string IndexFileName = "model.safetensors.index.json";

    private readonly List<SafetensorsFile> _files;
    private readonly Dictionary<string, CheckpointTensor> _byName;

    private CheckpointTensors(IModelFiles source, List<SafetensorsFile> files)
    {
        Source = source;
        _files = files;
        _byName = new Dictionary<string, CheckpointTensor>(StringComparer.Ordinal);
        foreach (SafetensorsFile file in files)
        {
            foreach (SafetensorsEntry entry in file.Tensors)
            {
                _byName.Add(entry.Name, new CheckpointTensor(file, entry));
            }
        }

        Names = [.. _byName.Keys.Order(StringComparer.Ordinal)];
    }

    /// <summary>The model's files, of which some hold the tensors.</summary>
    public IModelFiles Source { get; }

    /// <summary>The folder; where the files lie in no folder, what says where.</summary>
    public string Directory => Source.Description;

    /// <summary>The names of all tensors, in ordinal order.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>The open files, in ordinal order of their names.</summary>
    public IReadOnlyList<SafetensorsFile> Files => _files;

    /// <summary>Opens the checkpoint of a folder: <see cref="SingleFileName"/> or, without it, the shards of <see cref="IndexFileName"/>.</summary>
    /// <param name="directory">The model folder.</param>
    /// <returns>The open checkpoint; dispose it.</returns>
    /// <exception cref="UnsupportedModelException">The folder is missing or holds no safetensors; the message has the command that helps.</exception>
    /// <exception cref="InvalidSafetensorsException">A file or the index is damaged, or they do not agree.</exception>
    public static CheckpointTensors Open(string directory) => Open(ModelFolder.Open(directory));

    /// <summary>Opens the checkpoint among a model's files: <see cref="SingleFileName"/> or, without it, the shards of <see cref="IndexFileName"/>.</summary>
    /// <param name="source">The files.</param>
    /// <returns>The open checkpoint; dispose it.</returns>
    /// <exception cref="UnsupportedModelException">None is a safetensors file; the message has the command that helps.</exception>
    /// <exception cref="InvalidSafetensorsException">A file or the index is damaged, or they do not agree.</exception>
    public static CheckpointTensors Open(IModelFiles source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return source.Contains(SingleFileName)
            ? new CheckpointTensors(source, [SafetensorsFile.Open(source.Open(SingleFileName))])
            : source.Contains(IndexFileName) ? OpenShards(source) : throw ModelDirectory.NoSafetensors(source);
    }

    /// <summary>Opens one safetensors file as a checkpoint, whatever its name.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The open checkpoint; dispose it.</returns>
    /// <exception cref="InvalidSafetensorsException">The file is damaged.</exception>
    /// <exception cref="IOException">It is missing or cannot be read.</exception>
    public static CheckpointTensors OpenFile(string path) => OpenFiles(path);

    /// <summary>Opens some safetensors files of one folder as a checkpoint, whatever their names.</summary>
    /// <param name="paths">The files, at least one; no tensor is in two of them.</param>
    /// <returns>The open checkpoint; dispose it.</returns>
    /// <exception cref="InvalidSafetensorsException">A file is damaged.</exception>
    /// <exception cref="IOException">One is missing or cannot be read.</exception>
    public static CheckpointTensors OpenFiles(params string[] paths)
    {
        ArgumentNullException.ThrowIfNull(paths);
        ArgumentOutOfRangeException.ThrowIfZero(paths.Length);
        var files = new List<SafetensorsFile>();
        bool opened = false;
        try
        {
            files.AddRange(paths.Select(SafetensorsFile.Open));
            var tensors = new CheckpointTensors(ModelFolder.Open(Path.GetDirectoryName(Path.GetFullPath(paths[0]))!), files);
            opened = true;
            return tensors;
        }
        finally
        {
            if (!opened)
            {
                files.ForEach(file => file.Dispose());
            }
        }
    }

    /// <summary>Looks a tensor up.</summary>
    /// <param name="name">The exact name.</param>
    /// <param name="tensor">The tensor, where there is one.</param>
    /// <returns>Whether the checkpoint holds it.</returns>
    public bool TryGet(string name, out CheckpointTensor tensor) => _byName.TryGetValue(name, out tensor);

    /// <summary>The tensor of a name, whatever its shape.</summary>
    /// <param name="name">The exact name.</param>
    /// <returns>The tensor with its file.</returns>
    /// <exception cref="InvalidSafetensorsException">There is none; names that come close are listed.</exception>
    public CheckpointTensor Get(string name) => _byName.TryGetValue(name, out CheckpointTensor tensor) ? tensor : throw Missing(name, null);

    /// <summary>The tensor of a name and shape.</summary>
    /// <param name="name">The exact name.</param>
    /// <param name="expected">The shape that it must have.</param>
    /// <returns>The tensor with its file.</returns>
    /// <exception cref="InvalidSafetensorsException">There is none, with names that come close, or its shape is another.</exception>
    public CheckpointTensor Require(string name, Shape expected)
    {
        if (!_byName.TryGetValue(name, out CheckpointTensor tensor))
        {
            throw Missing(name, expected);
        }

        return tensor.Entry.Shape == expected
            ? tensor
            : throw new InvalidSafetensorsException(
                $"'{tensor.File.Path}', tensor '{name}': expected shape {expected}, found {tensor.Entry.Shape}."
                + " config.json and the weights do not belong together: fetch both from the same place.");
    }

    /// <summary>Closes all files.</summary>
    public void Dispose()
    {
        foreach (SafetensorsFile file in _files)
        {
            file.Dispose();
        }
    }

    private static CheckpointTensors OpenShards(IModelFiles source)
    {
        using IByteSource indexFile = source.Open(IndexFileName);
        CheckpointIndex index = CheckpointIndex.Read(indexFile);
        var files = new List<SafetensorsFile>();
        bool opened = false;
        try
        {
            foreach (string name in index.WeightMap.Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
            {
                if (!source.Contains(name))
                {
                    throw new InvalidSafetensorsException(
                        $"'{indexFile.Description}' names the file '{name}', which is not in the folder. The download is incomplete: fetch the model again.");
                }

                files.Add(SafetensorsFile.Open(source.Open(name)));
            }

            index.EnsureAgrees(files);
            var tensors = new CheckpointTensors(source, files);
            opened = true;
            return tensors;
        }
        finally
        {
            if (!opened)
            {
                files.ForEach(file => file.Dispose());
            }
        }
    }

    private InvalidSafetensorsException Missing(string name, Shape? expected)
    {
        IReadOnlyList<string> near = NearNames.Find(name, Names, 3);
        string hint = near.Count == 0
            ? $"The checkpoint has {Names.Count} tensors, none with a similar name."
            : $"Similar names there: {string.Join(", ", near.Select(found => $"{SafetensorsErrors.Quote(found)} {_byName[found].Entry.Shape}"))}.";
        string shape = expected is null ? string.Empty : $" of shape {expected}";
        return new InvalidSafetensorsException(
            $"'{Directory}': expected a tensor '{name}'{shape}, found none. {hint} Check that config.json is of this model and the model of a supported family.");
    }
}
