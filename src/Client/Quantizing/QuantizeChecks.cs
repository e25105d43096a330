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

        using MambaCheckpoint checkpoint = MambaCheckpoint.Open(request.ModelPath);
        MambaConfig config = checkpoint.Config;
        ModelFamily family = MambaFamily.For(config);
        foreach (Recipe recipe in request.Recipes)
        {
            RecipeValidator.ThrowIfInvalid(recipe, family);
        }

        EnsureSequencesFit(request, config);
        EnsureGridFits(request, config);
        EnsureCalibrates(request);
        EnsureSamples(request, config, checkpoint.Tensors.Files.Sum(file => file.Tensors.Sum(tensor => tensor.Shape.ElementCount)));
        EvaluationText? text = request.EvaluationPath is null
            ? null
            : EvaluationText.Read(request.EvaluationPath, request.ModelPath, request.WindowLength);
        OutputFolders.EnsureFree(request);
        DiskNeed need = DiskNeed.Of(checkpoint, request.Recipes, request.Calibration, request.Plan, text?.Tokens, request.WindowLength);
        EnsureDiskSpace(request, need, freeBytes ?? DiskSpace.FreeBytes);
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

        EnsureCanBegin(config);
        long needed = checked(parameters * sizeof(float));
        long available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (needed > available)
        {
            throw new UsageException(
                $"--calibration self holds the whole model in memory: expected {ByteText.Readable(needed)}, found {ByteText.Readable(available)}; give a text with --calibration FILE, which needs one layer at a time");
        }
    }

    /// <summary>Refuses a model that cannot begin a text of its own.</summary>
    /// <param name="config">The model.</param>
    /// <exception cref="UsageException">It names no token to begin with.</exception>
    public static void EnsureCanBegin(MambaConfig config)
    {
        if (config.EndOfTextToken is null && config.BeginOfTextToken is null)
        {
            throw new UsageException("--calibration self: config.json names no token that begins a text (eos_token_id, bos_token_id); give a text with --calibration FILE");
        }
    }

    /// <summary>Refuses sequences that are longer than a worker can hold.</summary>
    /// <param name="request">The request.</param>
    /// <param name="config">The model.</param>
    /// <exception cref="UsageException">They are.</exception>
    public static void EnsureSequencesFit(QuantizeRequest request, MambaConfig config)
    {
        int longest = request.Recipes.Min(recipe => request.Calibration.LongestSequence(config, recipe));
        if (request.Calibration.SequenceLength > longest)
        {
            throw new UsageException(
                $"--seq-len {request.Calibration.SequenceLength} is more than this program can hold of a model of width {config.DModel}: expected at most {longest}; calibrate on more --samples of fewer tokens");
        }
    }

    /// <summary>Refuses a grid that is finer than what there is to cut.</summary>
    /// <param name="request">The request.</param>
    /// <param name="config">The model.</param>
    /// <exception cref="UsageException">It is.</exception>
    public static void EnsureGridFits(QuantizeRequest request, MambaConfig config)
    {
        Require("--blocks", request.Plan.Blocks, config.LayerCount, "layers");
        Require("--shards", request.Plan.Shards, request.Calibration.Samples, "calibration sequences");

        static void Require(string option, int? value, int most, string unit)
        {
            if (value > most)
            {
                throw new UsageException($"{option} {value} is more than there are {unit}: expected at most {most}");
            }
        }
    }

    /// <summary>Refuses outputs for which the disk has no room. Checkpoints, partial and work folders stand beside each other; a named store lies elsewhere.</summary>
    /// <param name="request">The request.</param>
    /// <param name="need">What it takes.</param>
    /// <param name="freeBytes">Tells the room on the disk of a folder, or null where it is not known.</param>
    /// <exception cref="IOException">There is too little.</exception>
    public static void EnsureDiskSpace(QuantizeRequest request, DiskNeed need, Func<string, long?> freeBytes)
    {
        string parent = Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(request.OutputPath))) ?? request.OutputPath;
        long needed = request.Store is null ? need.PeakBytes : need.OutputBytes;
        if (freeBytes(parent) is not { } free)
        {
            return;
        }

        free += LocalEngine.InterruptedBytes(request.OutputPath);
        if (free < needed)
        {
            throw new IOException(
                $"too little disk space for '{request.OutputPath}': expected {ByteText.Readable(needed)} ({ByteText.Readable(need.ResultBytes)} of results, up to {ByteText.Readable(needed - need.OutputBytes)} of statistics and parts while it runs), "
                + $"found {ByteText.Readable(free)} in '{parent}'. Free some, or name a folder on another disk with --out{(request.Store is null ? " or --store" : string.Empty)}.");
        }
    }
}
