using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;

namespace MambaQuant.Pipeline.Artifacts;

/// <summary>A store in a folder: one file per artifact, on a local disk or on a network file system that every worker mounts.</summary>
/// <remarks>
/// The folder holds a marker with the format's version, a staging folder, and a file <c>&lt;name&gt;.sealed</c> per artifact: the content followed by
/// its <see cref="ArtifactSeal"/>. A put writes in the staging folder and renames without replacing, so an artifact is there whole or not at all.
/// Power cuts: unless asked to flush, the store leaves it to the system when the bytes reach the disk. A name may then survive a power cut without its
/// bytes; seal and block checksums find that, the artifact counts as corrupt and is made again. That costs at most the work of the last seconds, and
/// spares every put a wait for the disk. Work is done on the calling thread: a folder is not worth a thread of its own.
/// </remarks>
public sealed partial class DirectoryArtifactStore : IArtifactStore
{
    private const string StagingName = ".staging";

    private readonly string _root;
    private readonly bool _flush;
    private readonly StagingFolder _staging;

    private DirectoryArtifactStore(string root, bool flush)
    {
        _root = root;
        _flush = flush;
        _staging = new StagingFolder(Path.Combine(root, StagingName));
    }

    /// <inheritdoc/>
    public string Description => _root;

    /// <summary>Opens a folder as a store; an absent or empty folder becomes one.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="flush">Whether a put waits until the disk has the bytes; false by default, see the remarks of the class.</param>
    /// <exception cref="ArgumentException">The path is empty.</exception>
    /// <exception cref="ArtifactStoreException">The folder holds something else, is of a newer format, or cannot be used.</exception>
    public static DirectoryArtifactStore OpenOrCreate(string path, bool flush = false)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        string root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        var store = new DirectoryArtifactStore(root, flush);
        try
        {
            if (!store.IsMarked())
            {
                store.Mark();
            }
        }
        catch (Exception failure) when (StoreTexts.IsSystemFailure(failure))
        {
            throw StoreTexts.CannotOpen(root, failure);
        }

        return store;
    }

    /// <summary>Opens a folder that is a store already; writes nothing, so a read-only store can be read.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="flush">Whether a put waits until the disk has the bytes.</param>
    /// <exception cref="ArgumentException">The path is empty.</exception>
    /// <exception cref="ArtifactStoreException">There is no store, it is of a newer format, or cannot be read.</exception>
    public static DirectoryArtifactStore Open(string path, bool flush = false)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        string root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        var store = new DirectoryArtifactStore(root, flush);
        try
        {
            return store.IsMarked() ? store : throw (File.Exists(root) ? StoreTexts.IsFile(root) : new ArtifactStoreException($"there is no store in '{root}': expected a file '{StoreMarker.Name}'. Check the path"));
        }
        catch (Exception failure) when (StoreTexts.IsSystemFailure(failure))
        {
            throw StoreTexts.CannotOpen(root, failure);
        }
    }

    /// <inheritdoc/>
    public Task<ArtifactInfo?> HeadAsync(string name, CancellationToken cancellation)
    {
        ArtifactName.Check(name);
        cancellation.ThrowIfCancellationRequested();
        return Task.FromResult(Find(name, out string? fault) ?? (fault is null ? null : throw StoreTexts.Corrupt(Description, name, fault)));
    }

    /// <inheritdoc/>
    public Task<Stream> OpenReadAsync(string name, long offset, long? length, CancellationToken cancellation)
    {
        ArtifactName.Check(name);
        cancellation.ThrowIfCancellationRequested();
        SafeFileHandle? file = null;
        try
        {
            file = TryOpen(PathOf(name)) ?? throw StoreTexts.NotFound(Description, name);
            ArtifactInfo info = ReadFooter(name, file, out string? fault) ?? throw StoreTexts.Corrupt(Description, name, fault!);
            long count = StoreTexts.CheckRange(info, offset, length);
            byte[] tail = new byte[checked((int)(ArtifactSeal.StoredLength(info.Length) - info.Length))];
            ArtifactSeal? seal = null;
            if (DirectoryReadStream.TryReadExactly(file, tail, info.Length))
            {
                seal = ArtifactSeal.Read(info, tail, out fault);
            }

            Stream stream = new DirectoryReadStream(Description, seal ?? throw StoreTexts.Corrupt(Description, name, fault ?? "it became shorter"), file, offset, count);
            file = null;
            return Task.FromResult(stream);
        }
        catch (Exception failure) when (StoreTexts.IsSystemFailure(failure))
        {
            throw StoreTexts.Failed(Description, $"reading '{name}'", failure);
        }
        finally
        {
            file?.Dispose();
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<ArtifactInfo> ListAsync(string prefix, CancellationToken cancellation) => ListAfterAsync(prefix, string.Empty, cancellation);

    /// <inheritdoc/>
    public async IAsyncEnumerable<ArtifactInfo> ListAfterAsync(string prefix, string after, [EnumeratorCancellation] CancellationToken cancellation)
    {
        ArtifactName.CheckPrefix(prefix);
        ArgumentNullException.ThrowIfNull(after);
        await Task.CompletedTask.ConfigureAwait(false);
        int cut = prefix.LastIndexOf('/') + 1;
        foreach (string name in Names(prefix[..cut], prefix))
        {
            cancellation.ThrowIfCancellationRequested();
            if (string.CompareOrdinal(name, after) <= 0)
            {
                continue;
            }

            if (Find(name, out string? fault) is { } info)
            {
                yield return info;
            }
            else if (fault is not null)
            {
                yield return ArtifactInfo.Damaged(name);
            }
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<string> ListNamesAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation)
    {
        ArtifactName.CheckPrefix(prefix);
        await Task.CompletedTask.ConfigureAwait(false);
        foreach (string name in Names(prefix[..(prefix.LastIndexOf('/') + 1)], prefix))
        {
            cancellation.ThrowIfCancellationRequested();
            yield return name;
        }
    }

    /// <inheritdoc/>
    public Task<bool> DeleteAsync(string name, CancellationToken cancellation)
    {
        ArtifactName.Check(name);
        cancellation.ThrowIfCancellationRequested();
        string path = PathOf(name);
        try
        {
            // Renamed first: of two that delete at once, exactly one finds it there.
            string aside = _staging.NewPath();
            if (!File.Exists(path) || !TryMoveAside(path, aside))
            {
                return Task.FromResult(false);
            }

            File.Delete(aside);
        }
        catch (Exception failure) when (StoreTexts.IsSystemFailure(failure))
        {
            throw StoreTexts.Failed(Description, $"deleting '{name}'", failure);
        }

        RemoveEmptyFolders(Path.GetDirectoryName(path)!);
        return Task.FromResult(true);
    }

    private static SafeFileHandle? TryOpen(string path)
    {
        try
        {
            return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, FileOptions.SequentialScan);
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private static bool TryMoveAside(string path, string aside)
    {
        try
        {
            return ExclusiveRename.TryRename(path, aside);
        }
        catch (DirectoryNotFoundException)
        {
            return false; // somebody else was first
        }
    }

    private static ArtifactInfo? ReadFooter(string name, SafeFileHandle file, out string? fault)
    {
        long stored = RandomAccess.GetLength(file);
        Span<byte> footer = stackalloc byte[(int)Math.Min(stored, ArtifactSeal.FooterSize)];
        if (!DirectoryReadStream.TryReadExactly(file, footer, stored - footer.Length))
        {
            fault = "it became shorter";
            return null;
        }

        return ArtifactSeal.ReadFooter(name, stored, footer, out fault);
    }

    private string PathOf(string name) => Path.Combine(_root, name + ArtifactName.FileSuffix);

    /// <summary>Looks at one artifact; null without a fault where there is none.</summary>
    private ArtifactInfo? Find(string name, out string? fault)
    {
        fault = null;
        try
        {
            using SafeFileHandle? file = TryOpen(PathOf(name));
            return file is null ? null : ReadFooter(name, file, out fault);
        }
        catch (Exception failure) when (StoreTexts.IsSystemFailure(failure))
        {
            throw StoreTexts.Failed(Description, $"reading '{name}'", failure);
        }
    }

    /// <summary>Names below a folder in ordinal order: a folder counts as its name with '/' behind, as it stands in the names of what it holds.</summary>
    private IEnumerable<string> Names(string folder, string prefix)
    {
        string path = Path.Combine(_root, folder);
        (string Name, bool IsFolder)[] entries;
        try
        {
            entries = [.. new DirectoryInfo(path).EnumerateFileSystemInfos().Select(entry => Entry(folder, entry)).OfType<(string, bool)>()];
        }
        catch (DirectoryNotFoundException)
        {
            yield break;
        }
        catch (Exception failure) when (StoreTexts.IsSystemFailure(failure))
        {
            throw StoreTexts.Failed(Description, $"listing '{folder}'", failure);
        }

        Array.Sort(entries, (left, right) => string.CompareOrdinal(left.Name, right.Name));
        foreach ((string name, bool isFolder) in entries)
        {
            if (!isFolder && name.StartsWith(prefix, StringComparison.Ordinal))
            {
                yield return name;
            }
            else if (isFolder && (name.StartsWith(prefix, StringComparison.Ordinal) || prefix.StartsWith(name, StringComparison.Ordinal)))
            {
                foreach (string below in Names(name, prefix))
                {
                    yield return below;
                }
            }
        }
    }

    /// <summary>What a directory entry stands for; null for what is not an artifact's.</summary>
    private static (string Name, bool IsFolder)? Entry(string folder, FileSystemInfo entry)
    {
        bool isFolder = entry is DirectoryInfo;
        if (!isFolder && !entry.Name.EndsWith(ArtifactName.FileSuffix, StringComparison.Ordinal))
        {
            return null;
        }

        string name = folder + (isFolder ? entry.Name : entry.Name[..^ArtifactName.FileSuffix.Length]);
        return ArtifactName.IsValid(name) ? (isFolder ? name + "/" : name, isFolder) : null;
    }

    /// <summary>Removes the folders that a deletion left empty, up to the root.</summary>
    private void RemoveEmptyFolders(string folder)
    {
        try
        {
            for (; folder.Length > _root.Length; folder = Path.GetDirectoryName(folder)!)
            {
                Directory.Delete(folder);
            }
        }
        catch (Exception failure) when (StoreTexts.IsSystemFailure(failure))
        {
            return; // not empty, or somebody else was first: an empty folder too many does no harm
        }
    }

    private bool IsMarked()
    {
        string marker = Path.Combine(_root, StoreMarker.Name);
        if (!File.Exists(marker))
        {
            return false;
        }

        StoreMarker.Check(_root, File.ReadAllBytes(marker));
        return true;
    }

    private void Mark()
    {
        Directory.CreateDirectory(_root);
        if (Directory.EnumerateFileSystemEntries(_root).Select(Path.GetFileName).FirstOrDefault(entry => entry is not (StagingName or StoreMarker.Name)) is { } found)
        {
            throw StoreMarker.Foreign(_root, found);
        }

        using StagedFile marker = _staging.Create();
        marker.Write(StoreMarker.Content, 0);
        if (!marker.TryPublish(Path.Combine(_root, StoreMarker.Name)))
        {
            IsMarked(); // another process was first: the same format, or refused
        }
    }
}
