using System.Buffers;
using System.Security.Cryptography;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Quant.Safetensors;

namespace MambaQuant.Pipeline.Inputs;

/// <summary>Brings the files of a job into its store, each under its hash; what is there already is not sent again.</summary>
/// <remarks>
/// Cost: a look at each file in the store; for each that is absent its bytes are read and sent once, and hashed on the way, so that what lies under a hash
/// has it. An upload that was stopped leaves whole files or nothing. Put the plan before, and the request after it (<see cref="StoredRequests"/>).
/// </remarks>
/// <param name="store">The store.</param>
public sealed class InputUpload(IArtifactStore store)
{
    private const int CopyBytes = 1 << 20;

    /// <summary>Uploads the files of a model that workers read: weights, config.json, tokenizer and what a quantized checkpoint takes over.</summary>
    /// <param name="files">The model's files.</param>
    /// <param name="model">Their hashes.</param>
    /// <param name="progress">Hears how far it is; null for nobody.</param>
    /// <param name="cancellation">Stops it between two pieces.</param>
    /// <returns>Where workers find the model.</returns>
    /// <exception cref="ChangedInputException">A file is not the one that was hashed any more.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="ArtifactStoreException">The store cannot be written.</exception>
    public async Task<InputPlace> PutModelAsync(IModelFiles files, ModelIdentity model, IProgress<UploadProgress>? progress, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(model);
        InputFile[] wanted = [.. model.AllFiles.Select(file => new InputFile(file.Key, file.Value))];
        await PutAsync(wanted, files.Open, progress, cancellation).ConfigureAwait(false);
        return InputPlace.Stored(model.AllFiles);
    }

    /// <summary>Uploads a text.</summary>
    /// <param name="open">Opens it.</param>
    /// <param name="file">Its name and hash, as the plan has them.</param>
    /// <param name="progress">Hears how far it is; null for nobody.</param>
    /// <param name="cancellation">Stops it between two pieces.</param>
    /// <returns>Where workers find the text.</returns>
    /// <exception cref="ChangedInputException">The file is not the one that was hashed any more.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="ArtifactStoreException">The store cannot be written.</exception>
    public async Task<InputPlace> PutTextAsync(Func<IByteSource> open, InputFile file, IProgress<UploadProgress>? progress, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(open);
        await PutAsync([file], _ => open(), progress, cancellation).ConfigureAwait(false);
        return InputPlace.Stored([KeyValuePair.Create(file.Name, file.Sha256)]);
    }

    private async Task PutAsync(InputFile[] files, Func<string, IByteSource> open, IProgress<UploadProgress>? progress, CancellationToken cancellation)
    {
        var sources = new List<IByteSource>();
        try
        {
            sources.AddRange(files.Select(file => open(file.Name)));
            long total = sources.Sum(source => source.Length), done = 0, sent = 0;
            foreach ((InputFile file, IByteSource source) in files.Zip(sources))
            {
                long before = sent;
                if (!await IsThereAsync(file, source, cancellation).ConfigureAwait(false))
                {
                    await store.PutIfAbsentAsync(
                        StoredInputs.NameOf(file.Sha256),
                        (stream, token) => SendAsync(file, source, stream, count => progress?.Report(new UploadProgress(file.Name, done + count, total, before + count)), token),
                        cancellation).ConfigureAwait(false);
                    sent += source.Length;
                }

                done += source.Length;
                progress?.Report(new UploadProgress(file.Name, done, total, sent));
            }
        }
        finally
        {
            sources.ForEach(source => source.Dispose());
        }
    }

    /// <summary>Whether the store has a file; one whose record is broken, or whose length is another, counts as absent.</summary>
    private async Task<bool> IsThereAsync(InputFile file, IByteSource source, CancellationToken cancellation)
    {
        string name = StoredInputs.NameOf(file.Sha256);
        try
        {
            ArtifactInfo? found = await store.HeadAsync(name, cancellation).ConfigureAwait(false);
            if (found is null || found.Length == source.Length)
            {
                return found is not null;
            }
        }
        catch (CorruptArtifactException)
        {
            // It is put again.
        }

        await store.DeleteAsync(name, cancellation).ConfigureAwait(false);
        return false;
    }

    private static async Task SendAsync(InputFile file, IByteSource source, Stream target, Action<long> sent, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(CopyBytes);
        try
        {
            long done = 0;
            for (int count; (count = source.Read(buffer.AsSpan(0, CopyBytes), done)) > 0;)
            {
                hash.AppendData(buffer, 0, count);
                await target.WriteAsync(buffer.AsMemory(0, count), cancellation).ConfigureAwait(false);
                done += count;
                sent(done);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        string found = Convert.ToHexStringLower(hash.GetHashAndReset());
        if (found != file.Sha256)
        {
            throw new ChangedInputException($"'{source.Description}' has changed since the job was planned: expected SHA-256 {file.Sha256}, found {found}. Put the file back, or begin again with the new one.");
        }
    }
}
