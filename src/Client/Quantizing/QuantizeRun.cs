using System.Runtime.ExceptionServices;
using MambaQuant.Client.Evaluation;
using MambaQuant.Client.Jobs;
using MambaQuant.Client.Progress;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Local;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Inference;
using MambaQuant.Quant.Kernels;

namespace MambaQuant.Client.Quantizing;

/// <summary>Writes the checkpoints of a request one after the other, then evaluates them beside the float model.</summary>
/// <param name="request">What to do, checked by <see cref="QuantizeChecks"/>.</param>
/// <param name="evaluationText">The text to evaluate on, or null.</param>
/// <param name="backends">The workers' backends.</param>
/// <param name="driver">Runs the jobs in place of the local engine; null for that one. Not owned.</param>
/// <param name="context">Clock, cancellation, and where progress goes.</param>
internal sealed class QuantizeRun(QuantizeRequest request, EvaluationText? evaluationText, IWorkerBackends backends, IJobDriver? driver, CommandContext context)
{
    private readonly IProgressDisplay _display = ProgressDisplays.For(context);

    // Whoever shows the work at this moment: retries, losses and damage are told when they happen, from any thread.
    private volatile IRunProgress? _shown;

    /// <summary>Shows the jobs to whoever watches.</summary>
    public RunWatch Watch { get; } = new();

    /// <summary>Does everything, and writes a report beside each checkpoint.</summary>
    public QuantizeReport Run()
    {
        QuantizeReport report = Judge();
        CheckpointPages.Write(report, _ => CheckpointPages.FactsOf(request), context.Error);
        return report;
    }

    private QuantizeReport Judge()
    {
        List<(QuantizeTarget Target, QuantizeResult Result)> made = Quantize();
        if (evaluationText is null)
        {
            return new QuantizeReport([.. made.Select(one => QuantizedReport.Of(one.Target.Recipe, one.Result))], Float: null);
        }

        // Every checkpoint is written by now: what could not be evaluated has cost no other one.
        if (made.FirstOrDefault(one => one.Result.EvaluationFailure is not null).Result?.EvaluationFailure is { } failure)
        {
            ExceptionDispatchInfo.Throw(failure);
        }

        return Evaluated(made, evaluationText);
    }

    private List<(QuantizeTarget Target, QuantizeResult Result)> Quantize()
    {
        QuantizeOptions options = new()
        {
            ModelPath = request.ModelPath,
            OutputPath = request.OutputPath,
            Targets = [.. request.Recipes.Select(recipe => new QuantizeTarget(recipe, request.OutputOf(recipe)))],
            Calibration = request.Calibration,
            Evaluation = evaluationText is null
                ? null
                : new EvaluationTextOptions(request.EvaluationPath!) { WindowLength = evaluationText.WindowLength, Tokens = evaluationText.Tokens },
            Workers = request.Workers,
            Plan = request.Plan,
            OpenStore = request.Store is { } store ? token => JobStore.OpenOrCreateAsync(store, token) : null,
            Resume = request.Resume,
            Driver = driver,
            Notice = Tell,
            Watch = Watch,
        };
        LocalEngine engine = new(backends, context.Time);
        LocalRun? run = null;
        try
        {
            List<(QuantizeTarget Target, QuantizeResult Result)> made = [];
            foreach (QuantizeTarget target in options.Targets)
            {
                string title = $"quantizing {request.ModelPath} with {target.Recipe.Name} {target.Recipe.Quantization?.Scheme.Name}";
                QuantizeResult result = Show(title, progress =>
                {
                    run ??= engine.Begin(options, progress, context.Cancellation);
                    progress.Watch(Watch.Jobs[options.Targets.IndexOf(target)]);
                    return run.Quantize(target, progress, context.Cancellation);
                });
                made.Add((target, result));

                // What comes later may fail: then this checkpoint has a report all the same.
                CheckpointPages.WriteFirst(result.OutputPath, CheckpointPages.FactsOf(request), context.Error.WriteLine);
            }

            run?.Complete();
            return made;
        }
        finally
        {
            run?.Dispose();
        }
    }

    /// <summary>Shows a piece of work, and what people should know of it when it happens.</summary>
    private T Show<T>(string title, Func<IRunProgress, T> work) => _display.Run(title, progress =>
    {
        _shown = progress;
        try
        {
            return work(progress);
        }
        finally
        {
            _shown = null;
        }
    });

    private void Tell(string notice)
    {
        string line = $"warning: {notice}";
        if (_shown is { } progress)
        {
            progress.Say(line);
        }
        else
        {
            context.Error.WriteLine(line);
        }
    }

    private QuantizeReport Evaluated(List<(QuantizeTarget Target, QuantizeResult Result)> made, EvaluationText text)
    {
        List<QuantizedReport> checkpoints = [];
        foreach ((QuantizeTarget target, QuantizeResult result) in made)
        {
            using QuantizedCheckpoint checkpoint = QuantizedCheckpoint.Open(result.OutputPath);
            string compute = LoadedModel.NameOf(LanguageModels.ComputeOf(checkpoint.Layout, QuantizedArithmetic.Integer));
            checkpoints.Add(QuantizedReport.Of(target.Recipe, result) with
            {
                Evaluation = EvaluationReport.Of(result.OutputPath, compute, checkpoint.TensorBytes, request.ModelPath, text.Name, text.WindowLength, result.Evaluation!.Quantized).At(result.QuantizedSpeed),
            });
        }

        QuantizeResult any = made[0].Result;
        return new QuantizeReport(
            checkpoints,
            EvaluationReport.Of(request.ModelPath, LoadedModel.NameOf(ComputeKind.Float), any.FloatBytes, reference: null, text.Name, text.WindowLength, any.Evaluation!.Float!)
                .At(made.Select(one => one.Result.FloatSpeed).FirstOrDefault(speed => speed is not null)));
    }
}
