using System.Text.Json;
using System.Text.Json.Serialization;
using MambaQuant.Client.Doctor;
using MambaQuant.Client.Evaluation;
using MambaQuant.Client.Generation;
using MambaQuant.Client.Inspection;
using MambaQuant.Client.Quantizing;

namespace MambaQuant.Client.Output;

/// <summary>Everything that <c>--format json</c> can print, compiled ahead of time.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    WriteIndented = true,
    NewLine = "\n")]
[JsonSerializable(typeof(CheckResult[]))]
[JsonSerializable(typeof(EvaluationReport))]
[JsonSerializable(typeof(GenerationReport))]
[JsonSerializable(typeof(InspectionReport))]
[JsonSerializable(typeof(QuantizeReport))]
internal sealed partial class ClientJson : JsonSerializerContext;
