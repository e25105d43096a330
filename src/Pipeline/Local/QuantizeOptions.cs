using System.Collections.Immutable;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Quant.Datasets;
using MambaQuant.Quant.Recipes;

namespace MambaQuant.Pipeline.Local;

/// <summary>What the embedded engine is asked to do.</summary>
public sealed record QuantizeOptions
{
    /// <summary>Folder of the float checkpoint.</summary>
    public required string ModelPath { get; init; }

    /// <summary>The output that the run is known by: its work folder lies beside it, named "&lt;output&gt;.work".</summary>
    public required string OutputPath { get; init; }

    /// <summary>The checkpoints to make, at least one; they share what they have in common.</summary>
    public required ImmutableArray<QuantizeTarget> Targets { get; init; }

    /// <summary>Which text calibrates.</summary>
    public CalibrationOptions Calibration { get; init; } = new();

    /// <summary>Sequences that were made before.</summary>
    /// <value>Null by default: the run makes its own from <see cref="Calibration"/>.</value>
    public CalibrationSet? Sequences { get; init; }

    /// <summary>Which text the checkpoints are judged on, beside the float model.</summary>
    /// <value>Null by default: none.</value>
    public EvaluationTextOptions? Evaluation { get; init; }

    /// <summary>Workers that run at once, each with its own backend and cache. The result does not depend on it.</summary>
    /// <value>Null by default: <see cref="WorkerCount"/> chooses.</value>
    public int? Workers { get; init; }

    /// <summary>How the work is cut.</summary>
    /// <value>By the plan's own choice, by default.</value>
    public PlanOptions Plan { get; init; } = new();

    /// <summary>Opens the store; it is kept when the run ends, and shared with whoever names it.</summary>
    /// <value>Null by default: a folder in the work folder, removed when the run succeeds.</value>
    public Func<CancellationToken, Task<IArtifactStore>>? OpenStore { get; init; }

    /// <summary>Whether a named store that fails may answer again after a while, so that items are tried again. A folder never does.</summary>
    /// <value>True by default.</value>
    public bool StoreMayRecover { get; init; } = true;

    /// <summary>What to do about an earlier run that was interrupted.</summary>
    /// <value><see cref="ResumeMode.Auto"/> by default.</value>
    public ResumeMode Resume { get; init; }

    /// <summary>Runs the jobs, in place of this engine's own driver. Not owned.</summary>
    /// <value>Null by default: the engine itself, with workers of this process. Another one does not take <see cref="Sequences"/>.</value>
    public IJobDriver? Driver { get; init; }

    /// <summary>Hears what people should know: artifacts that were found damaged, items that are tried again. Called from any thread, one call at a time.</summary>
    /// <value>Null by default: nobody.</value>
    public Action<string>? Notice { get; init; }

    /// <summary>Shows the run's jobs to whoever watches.</summary>
    /// <value>Null by default: nobody.</value>
    public RunWatch? Watch { get; init; }

    /// <summary>One checkpoint.</summary>
    /// <param name="modelPath">Folder of the float checkpoint.</param>
    /// <param name="outputPath">Folder to write; must not exist, or be empty.</param>
    /// <param name="recipe">The resolved recipe.</param>
    public static QuantizeOptions Of(string modelPath, string outputPath, Recipe recipe) => new()
    {
        ModelPath = modelPath,
        OutputPath = outputPath,
        Targets = [new QuantizeTarget(recipe, outputPath)],
    };
}
