using Azure;
using Azure.Storage.Blobs.Models;
using MambaQuant.Pipeline.Artifacts;

namespace MambaQuant.Storage;

/// <content>Putting: blocks in parallel, then one commit under the condition that there is nothing.</content>
public sealed partial class AzureBlobArtifactStore
{
    /// <summary>How often a put starts again because what was in its way has gone.</summary>
    private const int MaxRounds = 20;

    /// <inheritdoc/>
    public async Task<PutOutcome> PutIfAbsentAsync(string name, Func<Stream, CancellationToken, Task> write, CancellationToken cancellation)
    {
        ArtifactName.Check(name);
        ArgumentNullException.ThrowIfNull(write);
        for (int round = 0; round < MaxRounds; round++)
        {
            cancellation.ThrowIfCancellationRequested();
            if (await TryPutAsync(name, write, cancellation).ConfigureAwait(false) is { } outcome)
            {
                return outcome;
            }
        }

        throw new ArtifactStoreException($"artifact '{name}' of store '{Description}' appears and vanishes ({MaxRounds} times while it was put): is something else cleaning the store?");
    }

    /// <summary>
    /// Uploads without asking first whether there is something: the commit will tell, and mostly there is nothing. Only when a first whole transfer has to go
    /// up, the question goes along with it; if there is something, the rest of the content is only checksummed.
    /// </summary>
    /// <returns>Null where what was in the way has gone.</returns>
    private async Task<PutOutcome?> TryPutAsync(string name, Func<Stream, CancellationToken, Task> write, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        CancellationToken stopped = stop.Token;
        var upload = new BlobUpload(Blob(name), _options.TransferSize);
        Task<Found?>? asked = null;
        ParallelSealingStream.ChunkStore store = (chunk, _) =>
        {
            if (chunk.Length == _options.TransferSize)
            {
                asked ??= FindOrClearAsync(name, stopped);
            }

            return IsThere(asked) ? Task.CompletedTask : GuardAsync($"writing '{name}'", () => upload.StoreAsync(chunk, stopped), stopped);
        };
        await using var content = new ParallelSealingStream(name, _options.TransferSize, _options.Parallelism, store);
        try
        {
            await write(content, cancellation).ConfigureAwait(false);
            ArtifactSeal seal = content.Seal();
            Task end = IsThere(asked) ? Task.CompletedTask : GuardAsync($"writing '{name}'", () => upload.StoreEndAsync(seal, stopped), stopped);
            await content.WhenStoredAsync().ConfigureAwait(false);
            await end.ConfigureAwait(false);
            if (asked is not null && await asked.ConfigureAwait(false) is { Info: { } found })
            {
                cancellation.ThrowIfCancellationRequested();
                return new PutOutcome(found, seal.Info.Checksum, Written: false);
            }

            return await CommitAsync(name, upload, seal, cancellation).ConfigureAwait(false);
        }
        finally
        {
            // After a failure nobody needs what is still under way; after success nothing is.
            await stop.CancelAsync().ConfigureAwait(false);
            await content.ReleaseAsync().ConfigureAwait(false);
            await (asked ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        static bool IsThere(Task<Found?>? asked) => asked is { IsCompletedSuccessfully: true, Result.Info: not null };
    }

    private async Task<PutOutcome?> CommitAsync(string name, BlobUpload upload, ArtifactSeal seal, CancellationToken cancellation)
    {
        foreach (bool isAgain in (bool[])[false, true])
        {
            if (await GuardAsync($"writing '{name}'", () => upload.TryCommitAsync(seal, isAgain, cancellation), cancellation).ConfigureAwait(false))
            {
                return new PutOutcome(seal.Info, seal.Info.Checksum, Written: true);
            }

            if (await FindOrClearAsync(name, cancellation).ConfigureAwait(false) is { Info: { } stored } found)
            {
                return new PutOutcome(stored, seal.Info.Checksum, upload.IsOwn(found.Metadata));
            }
        }

        return null;
    }

    /// <summary>What is there; something without a sound seal is deleted, since it cannot be read and bars the way.</summary>
    private async Task<Found?> FindOrClearAsync(string name, CancellationToken cancellation)
    {
        Found? found = await FindAsync(name, cancellation).ConfigureAwait(false);
        if (found is null or { Info: not null })
        {
            return found;
        }

        return await GuardAsync<Found?>(
            $"replacing '{name}'",
            async () =>
            {
                try
                {
                    var asSeen = new BlobRequestConditions { IfMatch = found.Version };
                    await Blob(name).DeleteIfExistsAsync(DeleteSnapshotsOption.IncludeSnapshots, asSeen, cancellation).ConfigureAwait(false);
                    return null;
                }
                catch (RequestFailedException failure) when (failure.Status == 412)
                {
                    return await FindAsync(name, cancellation).ConfigureAwait(false) is { Info: not null } replaced ? replaced : null;
                }
            },
            cancellation).ConfigureAwait(false);
    }
}
