using System.Text.Json.Serialization;

namespace MambaQuant.Pipeline.Inputs;

/// <summary>How requests stand in JSON.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    IgnoreReadOnlyProperties = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(JobRequest))]
internal sealed partial class InputsJson : JsonSerializerContext;
