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
            PutOutcome? outcome = await FindOrClearAsync(name, cancellation).ConfigureAwait(false) is null
                ? await UploadAsync(name, write, cancellation).ConfigureAwait(false)
                : await CompareAsync(name, write, cancellation).ConfigureAwait(false);
            if (outcome is not null)
            {
                return outcome;
            }
        }

        throw new ArtifactStoreException($"artifact '{name}' of store '{Description}' appears and vanishes ({MaxRounds} times while it was put): is something else cleaning the store?");
    }

    /// <summary>The artifact is there already: the bytes offered are only hashed.</summary>
    private async Task<PutOutcome?> CompareAsync(string name, Func<Stream, CancellationToken, Task> write, CancellationToken cancellation)
    {
        ArtifactSeal offered = await SealAsync(name, null, write, cancellation).ConfigureAwait(false);
        return await FindOrClearAsync(name, cancellation).ConfigureAwait(false) is { Info: { } stored } ? new PutOutcome(stored, offered.Info.Checksum, Written: false) : null;
    }

    private async Task<PutOutcome?> UploadAsync(string name, Func<Stream, CancellationToken, Task> write, CancellationToken cancellation)
    {
        string what = $"writing '{name}'";
        var upload = new BlobUpload(Blob(name), _options.TransferSize);
        ArtifactSeal seal = await SealAsync(
            name,
            (chunk, offset, stop) => GuardAsync(
                what,
                async () =>
                {
                    await upload.StoreAsync(chunk, offset, stop).ConfigureAwait(false);
                    return true;
                },
                stop),
            write,
            cancellation).ConfigureAwait(false);
        foreach (bool isAgain in (bool[])[false, true])
        {
            if (await GuardAsync(what, () => upload.TryCommitAsync(seal, isAgain, cancellation), cancellation).ConfigureAwait(false))
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

    private async Task<ArtifactSeal> SealAsync(
        string name, SealingStream.ChunkStore? store, Func<Stream, CancellationToken, Task> write, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        await using var content = new SealingStream(name, _options.TransferSize, _options.Parallelism, store, stop.Token);
        try
        {
            await write(content, cancellation).ConfigureAwait(false);
            ArtifactSeal seal = await content.SealAsync().ConfigureAwait(false);
            cancellation.ThrowIfCancellationRequested();
            return seal;
        }
        finally
        {
            // After a failure nobody needs what is still under way; after success nothing is.
            await stop.CancelAsync().ConfigureAwait(false);
            await content.ReleaseAsync().ConfigureAwait(false);
        }
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
