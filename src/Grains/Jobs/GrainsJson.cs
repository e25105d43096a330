using System.Text.Json.Serialization;

namespace MambaQuant.Grains.Jobs;

/// <summary>How what the cluster keeps of a job stands in JSON; what is not known is skipped.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(JobEnding))]
internal sealed partial class GrainsJson : JsonSerializerContext;
