using MambaQuant.Client.Evaluation;
using MambaQuant.Client.Failures;
using MambaQuant.Pipeline.Local;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Datasets;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Recipes;

namespace MambaQuant.Client.Quantizing;

/// <summary>Refuses before anything is spent: recipes, checkpoint, tokenizer, texts, output folders, disk space, in this order.</summary>
internal static class QuantizeChecks
{
    /// <summary>Checks a request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="freeBytes">Tells the room on the disk of a folder, or null where it is not known; null asks the system.</param>
    /// <returns>The evaluation text, cut into windows; null where none was asked for.</returns>
    /// <exception cref="InvalidRecipeException">A recipe makes no sense for this model.</exception>
    /// <exception cref="UsageException">The calibration cannot be what was asked for.</exception>
    /// <exception cref="OutputDirectoryException">An output folder holds something.</exception>
    /// <exception cref="IOException">The disk has too little room.</exception>
    public static EvaluationText? Run(QuantizeRequest request, Func<string, long?>? freeBytes = null)
    {
        foreach (Recipe recipe in request.Recipes)
        {
            RecipeValidator.ThrowIfInvalid(recipe);
        }

        List<(Recipe Recipe, DiskNeed Need)> needs;
        MambaConfig config;
        long parameters;
        using (MambaCheckpoint checkpoint = MambaCheckpoint.Open(request.ModelPath))
        {
            ModelFamily family = MambaFamily.For(checkpoint.Config);
            foreach (Recipe recipe in request.Recipes)
            {
                RecipeValidator.ThrowIfInvalid(recipe, family);
            }

            EnsureSequencesFit(request, checkpoint.Config);
            needs = [.. request.Recipes.Select(recipe => (recipe, DiskNeed.Of(checkpoint, recipe, request.Calibration)))];
            config = checkpoint.Config;
            parameters = checkpoint.Tensors.Files.Sum(file => file.Tensors.Sum(tensor => tensor.Shape.ElementCount));
        }

        EnsureCalibrates(request);
        EnsureSamples(request, config, parameters);
        EvaluationText? text = request.EvaluationPath is null
            ? null
            : EvaluationText.Read(request.EvaluationPath, request.ModelPath, request.WindowLength);
        OutputFolders.EnsureFree(request);
        EnsureDiskSpace(request, needs, freeBytes ?? DiskSpace.FreeBytes);
        return text;
    }

    /// <summary>A tokenizer must fit the model, also where only the checkpoint's users will need it; a text must be long enough.</summary>
    private static void EnsureCalibrates(QuantizeRequest request)
    {
        CalibrationOptions calibration = request.Calibration;
        bool readsText = calibration.Source != CalibrationOptions.SelfSource;
        if (!readsText && !ModelTokenizer.Exists(request.ModelPath))
        {
            return;
        }

        TextFile? text = readsText ? TextFile.Read(calibration.Source) : null;
        ModelTokenizer tokenizer = ModelTokenizer.Load(request.ModelPath);
        if (text is not null && tokenizer.Encode(text).LongLength is var tokens && (long)calibration.Samples * calibration.SequenceLength > tokens)
        {
            throw new InsufficientTextException(calibration.Source, calibration.Samples, calibration.SequenceLength, tokens);
        }
    }

    /// <summary>A model that writes its own calibration text needs a token to begin with, and room for all its weights in fp32.</summary>
    private static void EnsureSamples(QuantizeRequest request, MambaConfig config, long parameters)
    {
        if (request.Calibration.Source != CalibrationOptions.SelfSource)
        {
            return;
        }

        if (config.EndOfTextToken is null && config.BeginOfTextToken is null)
        {
            throw new UsageException("--calibration self: config.json names no token that begins a text (eos_token_id, bos_token_id); give a text with --calibration FILE");
        }

        long needed = checked(parameters * sizeof(float));
        long available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (needed > available)
        {
            throw new UsageException(
                $"--calibration self holds the whole model in memory: expected {ByteText.Readable(needed)}, found {ByteText.Readable(available)}; give a text with --calibration FILE, which needs one layer at a time");
        }
    }

    private static void EnsureSequencesFit(QuantizeRequest request, MambaConfig config)
    {
        int longest = request.Recipes.Min(recipe => request.Calibration.LongestSequence(config, recipe));
        if (request.Calibration.SequenceLength > longest)
        {
            throw new UsageException(
                $"--seq-len {request.Calibration.SequenceLength} is more than this program can hold of a model of width {config.DModel}: expected at most {longest}; calibrate on more --samples of fewer tokens");
        }
    }

    /// <summary>The checkpoints come one after the other: each run finds the finished ones there, and takes scratch space of its own.</summary>
    /// <remarks>All of it lies on one disk: partial and scratch folders stand beside the folder that they become, never inside it.</remarks>
    private static void EnsureDiskSpace(QuantizeRequest request, List<(Recipe Recipe, DiskNeed Need)> needs, Func<string, long?> freeBytes)
    {
        string parent = Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(request.OutputOf(needs[0].Recipe)))) ?? request.OutputPath;
        if (freeBytes(parent) is not { } free)
        {
            return;
        }

        long finished = 0;
        long peak = 0;
        foreach ((_, DiskNeed need) in needs)
        {
            peak = Math.Max(peak, checked(finished + need.PeakBytes));
            finished = checked(finished + need.ResultBytes);
        }

        if (free < peak)
        {
            throw new IOException(
                $"too little disk space for '{request.OutputPath}': expected {ByteText.Readable(peak)} ({ByteText.Readable(finished)} of results, up to {ByteText.Readable(needs.Max(need => need.Need.ScratchBytes))} of statistics while it runs), "
                + $"found {ByteText.Readable(free)} in '{parent}'. Free some, or name a folder on another disk with --out.");
        }
    }
}
