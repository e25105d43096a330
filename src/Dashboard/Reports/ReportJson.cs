using System.Text.Json.Serialization;

namespace MambaQuant.Dashboard.Reports;

/// <summary>How the files of the report are written: names as in the other files of a checkpoint.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    WriteIndented = true,
    NewLine = "\n")]
[JsonSerializable(typeof(CheckpointEvaluation))]
internal sealed partial class ReportJson : JsonSerializerContext;
