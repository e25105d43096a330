using System.Text.Json;
using System.Text.Json.Serialization;
using MambaQuant.Client.Benchmarking;
using MambaQuant.Client.Comparing;
using MambaQuant.Client.Doctor;
using MambaQuant.Client.Evaluation;
using MambaQuant.Client.Generation;
using MambaQuant.Client.Inspection;
using MambaQuant.Client.Jobs;
using MambaQuant.Client.Planning;
using MambaQuant.Client.Quantizing;
using MambaQuant.Client.Simulating;

namespace MambaQuant.Client.Output;

/// <summary>Everything that <c>--format json</c> can print, compiled ahead of time.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    WriteIndented = true,
    NewLine = "\n")]
[JsonSerializable(typeof(BenchReport))]
[JsonSerializable(typeof(CheckResult[]))]
[JsonSerializable(typeof(CompareReport))]
[JsonSerializable(typeof(EvaluationReport))]
[JsonSerializable(typeof(GarbageReport))]
[JsonSerializable(typeof(GenerationReport))]
[JsonSerializable(typeof(InspectionReport))]
[JsonSerializable(typeof(JobDetails))]
[JsonSerializable(typeof(JobList))]
[JsonSerializable(typeof(PlanReport))]
[JsonSerializable(typeof(QuantizeReport))]
[JsonSerializable(typeof(SimulationReport))]
internal sealed partial class ClientJson : JsonSerializerContext;
