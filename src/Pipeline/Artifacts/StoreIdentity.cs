using System.Security.Cryptography;
using System.Text;

namespace MambaQuant.Pipeline.Artifacts;

/// <summary>Who a store is: a random number that stands in it, the same by whatever path or address it is reached.</summary>
/// <remarks>Whoever asks first puts it. A copy of a store has the number of the original: it is the same store until one of them changes.</remarks>
public static class StoreIdentity
{
    /// <summary>The store's name of it.</summary>
    public const string Name = "identity";

    /// <summary>Digits of an identity.</summary>
    public const int Length = 32;

    /// <summary>Reads the identity of a store, and gives it one where it has none.</summary>
    /// <param name="store">The store.</param>
    /// <param name="cancellation">Stops the call.</param>
    /// <returns>Lower-case hexadecimal digits.</returns>
    /// <exception cref="ArtifactStoreException">The store cannot be read, or its identity is damaged; or it has none and is read-only.</exception>
    public static async Task<string> OfAsync(IArtifactStore store, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(store);
        if (await FindAsync(store, cancellation).ConfigureAwait(false) is { } known)
        {
            return known;
        }

        byte[] drawn = Encoding.ASCII.GetBytes(RandomNumberGenerator.GetHexString(Length, lowercase: true)); // names a store, reaches no result
        await store.PutIfAbsentAsync(Name, async (stream, token) => await stream.WriteAsync(drawn, token).ConfigureAwait(false), cancellation).ConfigureAwait(false);

        // Somebody else may have been first.
        return await FindAsync(store, cancellation).ConfigureAwait(false) ?? throw Damaged(store, "nothing", null);
    }

    private static async Task<string?> FindAsync(IArtifactStore store, CancellationToken cancellation)
    {
        try
        {
            Stream stream = await store.OpenReadAsync(Name, 0, null, cancellation).ConfigureAwait(false);
            using var reader = new StreamReader(stream, Encoding.ASCII);
            string text = await reader.ReadToEndAsync(cancellation).ConfigureAwait(false);
            return text.Length == Length && text.All(char.IsAsciiHexDigitLower) ? text : throw Damaged(store, $"{text.Length} characters", null);
        }
        catch (ArtifactNotFoundException)
        {
            return null;
        }
        catch (CorruptArtifactException corrupt)
        {
            throw Damaged(store, corrupt.Fault, corrupt);
        }
    }

    private static ArtifactStoreException Damaged(IArtifactStore store, string found, Exception? cause)
    {
        string message = $"the identity of store '{store.Description}' is damaged: expected {Length} hexadecimal digits in '{Name}', found {found}. "
            + "Stop the silos of this store, delete it, and start them again: the first one makes a new identity, and jobs go on";
        return cause is null ? new ArtifactStoreException(message) : new ArtifactStoreException(message, cause);
    }
}
