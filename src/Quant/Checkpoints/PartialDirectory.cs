namespace MambaQuant.Quant.Checkpoints;

/// <summary>A folder that is written beside its place, as "name.partial", and renamed into it when it is whole.</summary>
/// <remarks>
/// Nobody ever sees half a folder under the final name. A lock file marks the partial folder as ours: one that a killed run left is
/// emptied and used again, one that another run holds is refused, and one that is somebody else's is never touched.
/// </remarks>
public sealed class PartialDirectory : IDisposable
{
    private const string LockName = ".writing";

    private readonly string _final;
    private readonly FileStream _lock;
    private bool _published;

    private PartialDirectory(string final, string path, FileStream held)
    {
        _final = final;
        Path = path;
        _lock = held;
    }

    /// <summary>The partial folder.</summary>
    public string Path { get; }

    /// <summary>Checks that the place is free and makes the partial folder.</summary>
    /// <param name="directory">The final folder: absent, or empty.</param>
    /// <exception cref="OutputDirectoryException">It holds something, is a file, or another run writes it.</exception>
    public static PartialDirectory Create(string directory)
    {
        string final = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(directory));
        EnsureFree(final);
        string partial = PartialOf(final);
        string lockPath = System.IO.Path.Combine(partial, LockName);
        Directory.CreateDirectory(partial);
        FileStream held = Lock(final, lockPath);
        foreach (string left in Directory.EnumerateFileSystemEntries(partial).Where(path => path != lockPath).ToList())
        {
            if (Directory.Exists(left))
            {
                Directory.Delete(left, recursive: true);
            }
            else
            {
                File.Delete(left);
            }
        }

        return new PartialDirectory(final, partial, held);
    }

    /// <summary>Checks that a folder can be made: the place is free, and so is that of the partial folder.</summary>
    /// <param name="directory">The final folder: absent, or empty.</param>
    /// <exception cref="OutputDirectoryException">It holds something or is a file, or somebody else's folder has the partial name.</exception>
    public static void EnsureFree(string directory)
    {
        string final = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(directory));
        EnsureEmpty(final);
        string partial = PartialOf(final);
        bool isOurs = File.Exists(System.IO.Path.Combine(partial, LockName));
        if (File.Exists(partial) || (Directory.Exists(partial) && Directory.EnumerateFileSystemEntries(partial).Any() && !isOurs))
        {
            throw new OutputDirectoryException($"'{partial}' is in the way and was not made by this program. Move it, or choose another output folder.");
        }
    }

    /// <summary>Gives the folder its final name.</summary>
    /// <exception cref="OutputDirectoryException">Something came into its place meanwhile.</exception>
    public void Publish()
    {
        EnsureEmpty(_final);
        _lock.Dispose();
        File.Delete(System.IO.Path.Combine(Path, LockName));
        if (Directory.Exists(_final))
        {
            Directory.Delete(_final);
        }

        Directory.Move(Path, _final);
        _published = true;
    }

    /// <summary>Deletes the folder unless it was published.</summary>
    public void Dispose()
    {
        _lock.Dispose();
        if (!_published && Directory.Exists(Path))
        {
            Directory.Delete(Path, recursive: true);
        }
    }

    private static string PartialOf(string final) => final + ".partial";

    private static void EnsureEmpty(string final)
    {
        if (File.Exists(final))
        {
            throw new OutputDirectoryException($"'{final}' is a file, expected a new or empty folder. Choose another output folder.");
        }

        if (Directory.Exists(final) && Directory.EnumerateFileSystemEntries(final).FirstOrDefault() is { } found)
        {
            throw new OutputDirectoryException(
                $"'{final}' holds {System.IO.Path.GetFileName(found)}, expected a new or empty folder. Choose another output folder, or move what is there.");
        }
    }

    private static FileStream Lock(string final, string lockPath)
    {
        try
        {
            return new FileStream(lockPath, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
        }
        catch (IOException exception) when (File.Exists(lockPath))
        {
            throw new OutputDirectoryException($"another run is writing '{final}' at this moment. Wait for it, or choose another output folder.", exception);
        }
    }
}
