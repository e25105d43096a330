using System.Collections.Immutable;
using System.Text.Json.Serialization;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Evaluation;
using MambaQuant.Quant.Smoothing;

namespace MambaQuant.Pipeline.Execution;

/// <summary>How small results are written to the store: numbers exactly, infinite ones by name.</summary>
[JsonSourceGenerationOptions(
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    IgnoreReadOnlyProperties = true,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(ItemReceipt))]
[JsonSerializable(typeof(LayerReport))]
[JsonSerializable(typeof(EvaluationOutcome))]
[JsonSerializable(typeof(ImmutableArray<WindowScore>))]
[JsonSerializable(typeof(ImmutableArray<SmoothingChoice>))]
internal sealed partial class ExecutionJson : JsonSerializerContext;
