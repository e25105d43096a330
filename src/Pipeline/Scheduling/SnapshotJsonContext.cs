using System.Text.Json.Serialization;

namespace MambaQuant.Pipeline.Scheduling;

/// <summary>How snapshots stand in JSON.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(SnapshotHeader))]
[JsonSerializable(typeof(SnapshotItem))]
[JsonSerializable(typeof(SnapshotWorker))]
internal sealed partial class SnapshotJsonContext : JsonSerializerContext;
