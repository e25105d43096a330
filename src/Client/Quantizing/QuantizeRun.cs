using MambaQuant.Client.Evaluation;
using MambaQuant.Client.Progress;
using MambaQuant.Pipeline.Local;
using MambaQuant.Quant.Datasets;
using MambaQuant.Quant.Inference;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Recipes;

namespace MambaQuant.Client.Quantizing;

/// <summary>Writes the checkpoints of a request one after the other, then evaluates them beside the float model.</summary>
/// <param name="request">What to do, checked by <see cref="QuantizeChecks"/>.</param>
/// <param name="evaluationText">The text to evaluate on, or null.</param>
/// <param name="kernels">The backend.</param>
/// <param name="context">Clock, cancellation, and where progress goes.</param>
internal sealed class QuantizeRun(QuantizeRequest request, EvaluationText? evaluationText, IKernels kernels, CommandContext context)
{
    private readonly IProgressDisplay _display = ProgressDisplays.For(context);

    /// <summary>Does everything.</summary>
    public QuantizeReport Run()
    {
        CalibrationSet? shared = request.Recipes.Count > 1
            ? _display.Run($"calibrating on {request.Calibration.Source}", Prepare)
            : null;
        List<QuantizedReport> checkpoints = [];
        foreach (Recipe recipe in request.Recipes)
        {
            checkpoints.Add(Quantize(recipe, shared));
        }

        return evaluationText is null
            ? new QuantizeReport(checkpoints, Float: null)
            : _display.Run($"evaluating on {evaluationText.Name}", progress => Evaluate(checkpoints, evaluationText, progress));
    }

    private CalibrationSet Prepare(IProgress<StageProgress> progress) => new LocalEngine(kernels, context.Time)
        .PrepareCalibration(request.ModelPath, request.Calibration, progress, context.Cancellation);

    private QuantizedReport Quantize(Recipe recipe, CalibrationSet? sequences)
    {
        QuantizeOptions options = new()
        {
            ModelPath = request.ModelPath,
            OutputPath = request.OutputOf(recipe),
            Recipe = recipe,
            Calibration = request.Calibration,
            Sequences = sequences,
            Workers = request.Workers,
        };
        LocalEngine engine = new(kernels, context.Time);
        string title = $"quantizing {request.ModelPath} with {recipe.Name} {recipe.Quantization?.Scheme.Name}";
        QuantizeResult result = _display.Run(title, progress => engine.Quantize(options, progress, context.Cancellation));
        return QuantizedReport.Of(recipe, result);
    }

    private QuantizeReport Evaluate(List<QuantizedReport> checkpoints, EvaluationText text, IProgress<StageProgress> progress)
    {
        TextEvaluation evaluation = new(kernels, text, context);
        using LoadedModel reference = LanguageModels.Open(kernels, request.ModelPath);
        EvaluationReport original = evaluation.Run(request.ModelPath, reference, referenceName: null, reference: null, "float", progress);
        List<QuantizedReport> evaluated = [];
        foreach (QuantizedReport checkpoint in checkpoints)
        {
            using LoadedModel model = LanguageModels.Open(kernels, checkpoint.Output);
            evaluated.Add(checkpoint with { Evaluation = evaluation.Run(checkpoint.Output, model, request.ModelPath, reference, checkpoint.Recipe, progress) });
        }

        return new QuantizeReport(evaluated, original);
    }
}
