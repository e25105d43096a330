using MambaQuant.Client.Evaluation;
using MambaQuant.Client.Jobs;
using MambaQuant.Client.Progress;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Local;
using MambaQuant.Quant.Inference;
using MambaQuant.Quant.Kernels;

namespace MambaQuant.Client.Quantizing;

/// <summary>Writes the checkpoints of a request one after the other, then evaluates them beside the float model.</summary>
/// <param name="request">What to do, checked by <see cref="QuantizeChecks"/>.</param>
/// <param name="evaluationText">The text to evaluate on, or null.</param>
/// <param name="backends">The workers' backends.</param>
/// <param name="context">Clock, cancellation, and where progress goes.</param>
internal sealed class QuantizeRun(QuantizeRequest request, EvaluationText? evaluationText, IWorkerBackends backends, CommandContext context)
{
    private readonly IProgressDisplay _display = ProgressDisplays.For(context);
    private readonly List<string> _notices = [];

    /// <summary>Does everything.</summary>
    public QuantizeReport Run()
    {
        List<QuantizedReport> checkpoints = Quantize();
        return evaluationText is null
            ? new QuantizeReport(checkpoints, Float: null)
            : _display.Run($"evaluating on {evaluationText.Name}", progress => Evaluate(checkpoints, evaluationText, progress));
    }

    private List<QuantizedReport> Quantize()
    {
        QuantizeOptions options = new()
        {
            ModelPath = request.ModelPath,
            OutputPath = request.OutputPath,
            Targets = [.. request.Recipes.Select(recipe => new QuantizeTarget(recipe, request.OutputOf(recipe)))],
            Calibration = request.Calibration,
            Workers = request.Workers,
            Plan = request.Plan,
            OpenStore = request.Store is { } store ? token => JobStore.OpenOrCreateAsync(store, token) : null,
            Resume = request.Resume,
            Notice = _notices.Add,
        };
        LocalEngine engine = new(backends, context.Time);
        LocalRun? run = null;
        try
        {
            List<QuantizedReport> checkpoints = [];
            foreach (QuantizeTarget target in options.Targets)
            {
                string title = $"quantizing {request.ModelPath} with {target.Recipe.Name} {target.Recipe.Quantization?.Scheme.Name}";
                QuantizeResult result = Show(title, progress =>
                {
                    run ??= engine.Begin(options, progress, context.Cancellation);
                    return run.Quantize(target, progress, context.Cancellation);
                });
                checkpoints.Add(QuantizedReport.Of(target.Recipe, result));
            }

            run?.Complete();
            return checkpoints;
        }
        finally
        {
            run?.Dispose();
        }
    }

    /// <summary>Shows a piece of work, and behind it what people should know of it.</summary>
    private T Show<T>(string title, Func<IProgress<StageProgress>, T> work)
    {
        try
        {
            return _display.Run(title, work);
        }
        finally
        {
            _notices.ForEach(notice => context.Error.WriteLine($"warning: {notice}"));
            _notices.Clear();
        }
    }

    private QuantizeReport Evaluate(List<QuantizedReport> checkpoints, EvaluationText text, IProgress<StageProgress> progress)
    {
        IKernels kernels = backends.Of(0);
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
