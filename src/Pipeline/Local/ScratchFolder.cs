using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Statistics;

namespace MambaQuant.Pipeline.Local;

/// <summary>A folder beside the output for what one run keeps between its stages; gone when the run ends, however it ends.</summary>
internal sealed class ScratchFolder : IDisposable
{
    /// <summary>Marks a folder as ours, so that nobody else's is ever deleted.</summary>
    private const string MarkName = ".scratch";

    private ScratchFolder(string path)
    {
        Path = path;
    }

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>Makes a folder beside the output; what an earlier, killed run left there is removed, somebody else's folder is not.</summary>
    /// <param name="outputPath">The folder the run will write; the run holds it, so no other run uses the same scratch folder.</param>
    /// <exception cref="OutputDirectoryException">Something else has the name.</exception>
    public static ScratchFolder Beside(string outputPath)
    {
        EnsureOurs(outputPath);
        string path = PathBeside(outputPath);
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }

        Directory.CreateDirectory(path);
        File.WriteAllBytes(System.IO.Path.Combine(path, MarkName), []);
        return new ScratchFolder(path);
    }

    /// <summary>Refuses a folder of the scratch folder's name that this program did not make.</summary>
    /// <param name="outputPath">The folder the run will write.</param>
    /// <exception cref="OutputDirectoryException">Something else has the name.</exception>
    public static void EnsureOurs(string outputPath)
    {
        string path = PathBeside(outputPath);
        bool isOurs = File.Exists(System.IO.Path.Combine(path, MarkName));
        if (File.Exists(path) || (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any() && !isOurs))
        {
            throw new OutputDirectoryException($"'{path}' is in the way and was not made by this program. Move it, or choose another output folder.");
        }
    }

    /// <summary>Statistics of a layer of the original model.</summary>
    /// <param name="layer">Index of the layer.</param>
    public string OriginalStatistics(int layer) => System.IO.Path.Combine(Path, $"original-{layer:D4}.safetensors");

    /// <summary>Reads the statistics of a layer, if the first pass left any.</summary>
    /// <param name="layer">Index of the layer.</param>
    public LayerStatistics? ReadOriginalStatistics(int layer) =>
        File.Exists(OriginalStatistics(layer)) ? LayerStatistics.Read(OriginalStatistics(layer)) : null;

    /// <summary>Deletes what was kept of a layer, once nobody reads it any more.</summary>
    /// <param name="layer">Index of the layer.</param>
    public void Forget(int layer)
    {
        File.Delete(OriginalStatistics(layer));
        File.Delete(Samples(layer));
    }

    /// <summary>Sampled inputs of a layer of the original model.</summary>
    /// <param name="layer">Index of the layer.</param>
    public string Samples(int layer) => System.IO.Path.Combine(Path, $"samples-{layer:D4}.safetensors");

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Directory.Exists(Path))
        {
            Directory.Delete(Path, recursive: true);
        }
    }

    private static string PathBeside(string outputPath) =>
        System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(outputPath)) + ".scratch";
}
