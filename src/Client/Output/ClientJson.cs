using System.Text.Json;
using System.Text.Json.Serialization;
using MambaQuant.Client.Doctor;

namespace MambaQuant.Client.Output;

/// <summary>Everything that <c>--format json</c> can print, compiled ahead of time.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    WriteIndented = true,
    NewLine = "\n")]
[JsonSerializable(typeof(CheckResult[]))]
internal sealed partial class ClientJson : JsonSerializerContext;
