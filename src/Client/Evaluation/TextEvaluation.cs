using MambaQuant.Pipeline.Driving;
using MambaQuant.Quant.Evaluation;
using MambaQuant.Quant.Inference;
using MambaQuant.Quant.Kernels;

namespace MambaQuant.Client.Evaluation;

/// <summary>Evaluates models on a text, with progress.</summary>
/// <param name="kernels">The backend of the models.</param>
/// <param name="text">The text.</param>
/// <param name="context">Clock and cancellation.</param>
internal sealed class TextEvaluation(IKernels kernels, EvaluationText text, CommandContext context)
{
    // Progress comes batch by batch; two windows keep the products large and the news frequent. No result depends on it.
    private static readonly EvaluationOptions Options = new() { BatchSize = 2 };

    /// <summary>Evaluates one model.</summary>
    /// <param name="name">The model as it was named.</param>
    /// <param name="model">The model.</param>
    /// <param name="referenceName">The reference as it was named, or null.</param>
    /// <param name="reference">The reference, or null.</param>
    /// <param name="stage">What the progress display calls it.</param>
    /// <param name="progress">Where progress goes.</param>
    public EvaluationReport Run(
        string name, LoadedModel model, string? referenceName, LoadedModel? reference, string stage, IProgress<StageProgress> progress)
    {
        progress.Report(new StageProgress(stage, 0, text.Tokens, "tokens"));
        EvaluationResult result = Evaluator.Evaluate(
            kernels, model.Model, text.Windows, context.Time, reference?.Model, Options, new Adapter(stage, progress), context.Cancellation);
        return EvaluationReport.Of(name, model, referenceName, text, result);
    }

    private sealed class Adapter(string stage, IProgress<StageProgress> progress) : IProgress<EvaluationProgress>
    {
        public void Report(EvaluationProgress value) => progress.Report(new StageProgress(stage, value.Tokens, value.TotalTokens, "tokens"));
    }
}
