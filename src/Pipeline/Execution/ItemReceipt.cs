using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Planning;

namespace MambaQuant.Pipeline.Execution;

/// <summary>Says that an item is done, and what it put into the store; written last.</summary>
/// <param name="Label">The item for people.</param>
/// <param name="Outputs">What it put, in order.</param>
/// <param name="Tokens">Tokens that it ran through its layers; 0 where it ran none.</param>
public sealed record ItemReceipt(string Label, ImmutableArray<ReceiptOutput> Outputs, long Tokens)
{
    /// <summary>One hash over all outputs: two runs of an item agree exactly when it is the same.</summary>
    public string Checksum => Convert.ToHexStringLower(SHA256.HashData(
        Encoding.UTF8.GetBytes(string.Concat(Outputs.Select(output => $"{output.Name} {output.Length} {output.Checksum}\n")))));

    /// <summary>The receipt as JSON.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, ExecutionJson.Default.ItemReceipt);

    /// <summary>Reads what <see cref="ToJson"/> made.</summary>
    /// <param name="json">The bytes.</param>
    /// <exception cref="JsonException">They are no receipt.</exception>
    public static ItemReceipt FromJson(ReadOnlySpan<byte> json) => JsonSerializer.Deserialize(json, ExecutionJson.Default.ItemReceipt)
        ?? throw new JsonException("expected a receipt, found null");

    /// <summary>Reads the receipt of an item from a store.</summary>
    /// <param name="store">The store.</param>
    /// <param name="key">Key of the item.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <returns>Null where the item is not done.</returns>
    /// <exception cref="JsonException">It is no receipt.</exception>
    /// <exception cref="CorruptArtifactException">It is damaged.</exception>
    /// <exception cref="ArtifactStoreException">The store cannot be read.</exception>
    public static async Task<ItemReceipt?> FindAsync(IArtifactStore store, ArtifactKey key, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(store);
        using var content = new MemoryStream();
        try
        {
            Stream source = await store.OpenReadAsync(WorkPlan.NameOf(key, ItemOutputs.Receipt), 0, null, cancellation).ConfigureAwait(false);
            await using (source.ConfigureAwait(false))
            {
                await source.CopyToAsync(content, cancellation).ConfigureAwait(false);
            }
        }
        catch (ArtifactNotFoundException)
        {
            return null;
        }

        return FromJson(content.ToArray());
    }

    /// <inheritdoc/>
    public bool Equals(ItemReceipt? other) =>
        other is not null && Label == other.Label && Tokens == other.Tokens && Outputs.AsSpan().SequenceEqual(other.Outputs.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Label, Tokens, Outputs.Length);
}
