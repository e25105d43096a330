using MambaQuant.Pipeline.Local;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Quant.Recipes;

namespace MambaQuant.Client.Quantizing;

/// <summary>What one call of <c>quantize</c> is to do.</summary>
internal sealed record QuantizeRequest
{
    /// <summary>Folder of the float checkpoint.</summary>
    public required string ModelPath { get; init; }

    /// <summary>Folder to write: the checkpoint itself, or one folder per recipe where there are several.</summary>
    public required string OutputPath { get; init; }

    /// <summary>The recipes, at least one.</summary>
    public required IReadOnlyList<Recipe> Recipes { get; init; }

    /// <summary>Which text calibrates.</summary>
    public required CalibrationOptions Calibration { get; init; }

    /// <summary>Text to evaluate all checkpoints and the float model on; null for none.</summary>
    public string? EvaluationPath { get; init; }

    /// <summary>Tokens of an evaluation window.</summary>
    public required int WindowLength { get; init; }

    /// <summary>Workers that run at once; null for as many as seem best.</summary>
    public int? Workers { get; init; }

    /// <summary>The store: a folder or a URI; null for a folder beside the output that is removed after success.</summary>
    public string? Store { get; init; }

    /// <summary>What to do about an interrupted run.</summary>
    public ResumeMode Resume { get; init; }

    /// <summary>What drives the jobs.</summary>
    public EngineKind Engine { get; init; }

    /// <summary>How the work is cut.</summary>
    public PlanOptions Plan { get; init; } = new();

    /// <summary>Where the checkpoint of a recipe goes.</summary>
    /// <param name="recipe">One of the recipes.</param>
    public string OutputOf(Recipe recipe) => Recipes.Count == 1 ? OutputPath : Path.Combine(OutputPath, recipe.Name);
}
