using System.Text.Json;
using System.Text.Json.Serialization;
using MambaQuant.Grains.Contracts;

namespace MambaQuant.Client.Cluster;

/// <summary>What the verbs of the cluster print with <c>--format json</c>, compiled ahead of time.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    WriteIndented = true,
    NewLine = "\n")]
[JsonSerializable(typeof(CancelReport))]
[JsonSerializable(typeof(ClusterJobs))]
[JsonSerializable(typeof(JobView))]
[JsonSerializable(typeof(SubmitReport))]
internal sealed partial class ClusterJson : JsonSerializerContext;
