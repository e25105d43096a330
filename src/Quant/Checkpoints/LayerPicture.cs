using System.Collections.Immutable;
using System.Text.Json;
using MambaQuant.Quant.Safetensors;

namespace MambaQuant.Quant.Checkpoints;

/// <summary>What can be drawn of a layer, or of what lies outside the layers: sites, rotations, smoothing.</summary>
public sealed record LayerPicture
{
    /// <summary>Nothing to draw.</summary>
    public static LayerPicture Nothing { get; } = new();

    /// <summary>Activations, in the order of the data flow.</summary>
    public ImmutableArray<SitePicture> Sites { get; init; } = [];

    /// <summary>KLT rotations.</summary>
    public ImmutableArray<RotationPicture> Rotations { get; init; } = [];

    /// <summary>Smoothing sites, in the order in which they were searched.</summary>
    public ImmutableArray<SmoothingPicture> Smoothings { get; init; } = [];

    /// <summary>The JSON text, in UTF-8: the same numbers give the same bytes.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, PictureJson.Default.LayerPicture);

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <param name="json">UTF-8 text.</param>
    /// <exception cref="InvalidCheckpointException">The text is damaged or of another kind.</exception>
    public static LayerPicture FromJson(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, PictureJson.Default.LayerPicture)
                ?? throw new InvalidCheckpointException("a layer's picture is null: the file was made by another program; make it again");
        }
        catch (JsonException error)
        {
            throw new InvalidCheckpointException($"a layer's picture cannot be read: {error.Message}. The file was damaged or made by another program; make it again", error);
        }
    }
}
