namespace MambaQuant.Pipeline.Artifacts;

/// <content>Putting: written beside, sealed, named without replacing.</content>
public sealed partial class DirectoryArtifactStore
{
    /// <summary>How often a put starts again because what was in its way has gone.</summary>
    private const int MaxRounds = 100;

    /// <inheritdoc/>
    public async Task<PutOutcome> PutIfAbsentAsync(string name, Func<Stream, CancellationToken, Task> write, CancellationToken cancellation)
    {
        ArtifactName.Check(name);
        ArgumentNullException.ThrowIfNull(write);
        for (int round = 0; round < MaxRounds; round++)
        {
            cancellation.ThrowIfCancellationRequested();
            PutOutcome? outcome = FindOrClear(name) is null
                ? await WriteAsync(name, write, cancellation).ConfigureAwait(false)
                : await CompareAsync(name, write, cancellation).ConfigureAwait(false);
            if (outcome is not null)
            {
                return outcome;
            }
        }

        throw new ArtifactStoreException($"artifact '{name}' of store '{Description}' appears and vanishes ({MaxRounds} times while it was put): is something else cleaning the store?");
    }

    /// <summary>The artifact is there already: the bytes offered are only hashed, nothing is written.</summary>
    private async Task<PutOutcome?> CompareAsync(string name, Func<Stream, CancellationToken, Task> write, CancellationToken cancellation)
    {
        ArtifactSeal offered = await SealAsync(name, null, write, cancellation).ConfigureAwait(false);
        return FindOrClear(name) is { } stored ? new PutOutcome(stored, offered.Info.Checksum, Written: false) : null;
    }

    private async Task<PutOutcome?> WriteAsync(string name, Func<Stream, CancellationToken, Task> write, CancellationToken cancellation)
    {
        using StagedFile file = Guarded(name, _staging.Create);
        ArtifactSeal seal = await SealAsync(name, file, write, cancellation).ConfigureAwait(false);
        Guarded(name, () =>
        {
            file.Write(seal.Encode(), seal.Info.Length);
            if (_flush)
            {
                file.FlushToDisk();
            }

            return true;
        });
        cancellation.ThrowIfCancellationRequested();
        for (int round = 0; round < MaxRounds; round++)
        {
            if (Guarded(name, () => TryPublish(file, PathOf(name))))
            {
                return new PutOutcome(seal.Info, seal.Info.Checksum, Written: true);
            }

            if (FindOrClear(name) is { } stored)
            {
                return new PutOutcome(stored, seal.Info.Checksum, Written: false);
            }
        }

        return null;
    }

    private async Task<ArtifactSeal> SealAsync(string name, StagedFile? file, Func<Stream, CancellationToken, Task> write, CancellationToken cancellation)
    {
        DirectSealingStream.Store? store = file is null ? null : (bytes, offset) =>
        {
            try
            {
                file.Write(bytes, offset);
            }
            catch (Exception failure) when (StoreTexts.IsSystemFailure(failure))
            {
                throw StoreTexts.Failed(Description, $"writing '{name}'", failure);
            }
        };
        await using var content = new DirectSealingStream(name, store);
        try
        {
            await write(content, cancellation).ConfigureAwait(false);
            return content.Seal();
        }
        finally
        {
            content.Release();
        }
    }

    /// <summary>Names a file; makes its folder, also when a deletion elsewhere removes the empty folder at the same time.</summary>
    private static bool TryPublish(StagedFile file, string path)
    {
        string folder = Path.GetDirectoryName(path)!;
        for (int round = 1; ; round++)
        {
            try
            {
                Directory.CreateDirectory(folder);
                return file.TryPublish(path);
            }
            catch (Exception failure) when (failure is DirectoryNotFoundException or FileNotFoundException && round < MaxRounds && File.Exists(file.Path))
            {
                continue;
            }
        }
    }

    /// <summary>What is there; something without a sound seal is taken away, since it cannot be read and bars the way.</summary>
    private ArtifactInfo? FindOrClear(string name)
    {
        if (Find(name, out string? fault) is { } info)
        {
            return info;
        }

        if (fault is not null)
        {
            Guarded(name, () =>
            {
                string path = PathOf(name), aside = _staging.NewPath();
                if (TryMoveAside(path, aside))
                {
                    // Another process may have been faster, and what was moved is its sound replacement: then it goes back.
                    if (IsSound(name, aside))
                    {
                        TryMoveAside(aside, path);
                    }

                    File.Delete(aside);
                }

                return true;
            });
        }

        return null;
    }

    private static bool IsSound(string name, string path)
    {
        using Microsoft.Win32.SafeHandles.SafeFileHandle? file = TryOpen(path);
        return file is not null && ReadFooter(name, file, out _) is not null;
    }

    private T Guarded<T>(string name, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception failure) when (StoreTexts.IsSystemFailure(failure))
        {
            throw StoreTexts.Failed(Description, $"writing '{name}'", failure);
        }
    }
}
