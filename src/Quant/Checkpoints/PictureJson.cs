using System.Text.Json.Serialization;

namespace MambaQuant.Quant.Checkpoints;

/// <summary>How pictures are written: names as in the other files of a checkpoint, without line breaks, without what is null.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(LayerPicture))]
[JsonSerializable(typeof(CheckpointPictures))]
internal sealed partial class PictureJson : JsonSerializerContext;
