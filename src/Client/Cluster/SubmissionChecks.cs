using MambaQuant.Client.Evaluation;
using MambaQuant.Client.Failures;
using MambaQuant.Client.Quantizing;
using MambaQuant.Client.Submitting;
using MambaQuant.Pipeline.Execution;
using MambaQuant.Pipeline.Local;
using MambaQuant.Quant.Datasets;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Recipes;
using MambaQuant.Quant.Safetensors;

namespace MambaQuant.Client.Cluster;

/// <summary>Refuses before anything is spent, as <c>quantize</c> does: recipes, checkpoint, tokenizer, texts, output folders, disk space.</summary>
internal static class SubmissionChecks
{
    /// <summary>Checks a submission.</summary>
    /// <param name="request">The request.</param>
    /// <param name="model">The model.</param>
    /// <param name="calibration">The calibration text; null where the model writes its own.</param>
    /// <param name="evaluation">The text to evaluate on; null for none.</param>
    /// <returns>The evaluation text, cut into windows; null where none was asked for.</returns>
    /// <exception cref="InvalidRecipeException">A recipe makes no sense for this model.</exception>
    /// <exception cref="UsageException">The calibration cannot be what was asked for.</exception>
    /// <exception cref="Quant.Checkpoints.OutputDirectoryException">An output folder holds something.</exception>
    /// <exception cref="IOException">A file is missing, or the disk has too little room.</exception>
    public static EvaluationText? Run(SubmissionRequest request, ModelSource model, TextSource? calibration, TextSource? evaluation)
    {
        QuantizeRequest work = request.Work;
        foreach (Recipe recipe in work.Recipes)
        {
            RecipeValidator.ThrowIfInvalid(recipe);
        }

        using MambaCheckpoint checkpoint = MambaCheckpoint.Open(model.Files);
        ModelFamily family = MambaFamily.For(checkpoint.Config);
        foreach (Recipe recipe in work.Recipes)
        {
            RecipeValidator.ThrowIfInvalid(recipe, family);
        }

        QuantizeChecks.EnsureSequencesFit(work, checkpoint.Config);
        QuantizeChecks.EnsureGridFits(work, checkpoint.Config);
        bool hasTokenizer = model.Files.Contains(CalibrationOptions.TokenizerFile);
        ModelTokenizer? tokenizer = hasTokenizer || calibration is not null || evaluation is not null ? ModelTokenizer.Load(model.Files) : null;
        if (calibration is null)
        {
            QuantizeChecks.EnsureCanBegin(checkpoint.Config);
        }
        else
        {
            EnsureLong(work.Calibration, calibration, tokenizer!);
        }

        EvaluationText? text = evaluation is null ? null : EvaluationText.Of(Read(evaluation), evaluation.Source, tokenizer!, work.WindowLength);
        if (work.OutputPath.Length > 0)
        {
            // A job's checkpoint may be that of this very submission: Submission compares, as soon as it knows the jobs.
            OutputFolders.EnsureFree(work, recipe => CheckpointDownload.JobOf(work.OutputOf(recipe)) is not null);
            DiskNeed need = DiskNeed.Of(checkpoint, work.Recipes, work.Calibration, work.Plan, text?.Tokens, work.WindowLength);
            QuantizeChecks.EnsureDiskSpace(work, need, DiskSpace.FreeBytes);
        }

        return text;
    }

    private static void EnsureLong(CalibrationOptions options, TextSource source, ModelTokenizer tokenizer)
    {
        long tokens = tokenizer.Encode(Read(source)).LongLength;
        if ((long)options.Samples * options.SequenceLength > tokens)
        {
            throw new InsufficientTextException(source.Source, options.Samples, options.SequenceLength, tokens);
        }
    }

    private static TextFile Read(TextSource source)
    {
        using IByteSource file = source.Open();
        return TextFile.Read(file);
    }
}
