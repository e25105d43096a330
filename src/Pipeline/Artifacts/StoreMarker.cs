using System.Text.Json;

namespace MambaQuant.Pipeline.Artifacts;

/// <summary>What says that a place is a store of ours, and in which format: one small JSON object at its root.</summary>
internal static class StoreMarker
{
    /// <summary>Its name; no artifact can have it.</summary>
    public const string Name = ".mambaquant-store";

    private const int Version = 1;

    /// <summary>The marker of the format that this program writes.</summary>
    public static byte[] Content { get; } = JsonSerializer.SerializeToUtf8Bytes(new { format = "mambaquant-store", version = Version });

    /// <summary>Refuses a marker of something else.</summary>
    /// <param name="store">The store's description.</param>
    /// <param name="content">The marker found.</param>
    /// <exception cref="ArtifactStoreException">It is not a marker, or of a format that this program does not know.</exception>
    public static void Check(string store, ReadOnlyMemory<byte> content)
    {
        try
        {
            using JsonDocument marker = JsonDocument.Parse(content);
            if (marker.RootElement.GetProperty("format").GetString() == "mambaquant-store")
            {
                int version = marker.RootElement.GetProperty("version").GetInt32();
                if (version != Version)
                {
                    throw new ArtifactStoreException($"store '{store}' has format version {version}; this program knows version {Version}. Use the program that wrote it, or another store");
                }

                return;
            }
        }
        catch (Exception failure) when (failure is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new ArtifactStoreException($"'{store}' holds a file '{Name}' that is not the marker of a store: {failure.Message}", failure);
        }

        throw new ArtifactStoreException($"'{store}' holds a file '{Name}' that is not the marker of a store");
    }

    /// <summary>A place with something else in it.</summary>
    /// <param name="store">The store's description.</param>
    /// <param name="found">Something that is there.</param>
    public static ArtifactStoreException Foreign(string store, string found) =>
        new($"'{store}' is not a store: expected nothing or '{Name}' at its root, found '{found}'. Name an empty or new place, or a store");
}
