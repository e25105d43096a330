using MambaQuant.Client.Evaluation;
using MambaQuant.Client.Failures;
using MambaQuant.Pipeline.Local;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Datasets;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Recipes;

namespace MambaQuant.Client.Quantizing;

/// <summary>Refuses before anything is spent: recipes, checkpoint, tokenizer, texts, output folder, disk space, in this order.</summary>
internal static class QuantizeChecks
{
    /// <summary>Checks a request.</summary>
    /// <param name="request">The request.</param>
    /// <returns>The evaluation text, cut into windows; null where none was asked for.</returns>
    /// <exception cref="InvalidRecipeException">A recipe makes no sense for this model.</exception>
    /// <exception cref="OutputDirectoryException">The output folder holds something.</exception>
    /// <exception cref="IOException">The disk has too little room.</exception>
    public static EvaluationText? Run(QuantizeRequest request)
    {
        foreach (Recipe recipe in request.Recipes)
        {
            RecipeValidator.ThrowIfInvalid(recipe);
        }

        long tensorBytes;
        MambaConfig config;
        long parameters;
        using (MambaCheckpoint checkpoint = MambaCheckpoint.Open(request.ModelPath))
        {
            ModelFamily family = MambaFamily.For(checkpoint.Config);
            foreach (Recipe recipe in request.Recipes)
            {
                RecipeValidator.ThrowIfInvalid(recipe, family);
            }

            tensorBytes = checkpoint.TensorBytes;
            config = checkpoint.Config;
            parameters = checkpoint.Tensors.Files.Sum(file => file.Tensors.Sum(tensor => tensor.Shape.ElementCount));
        }

        EnsureCalibrates(request);
        EnsureSamples(request, config, parameters);
        EvaluationText? text = request.EvaluationPath is null
            ? null
            : EvaluationText.Read(request.EvaluationPath, request.ModelPath, request.WindowLength);
        EnsureOutputIsFree(request.OutputPath);
        EnsureDiskSpace(request, tensorBytes);
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
            throw new InsufficientTextException(text.Name, calibration.Samples, calibration.SequenceLength, tokens);
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

    private static void EnsureOutputIsFree(string folder)
    {
        if (File.Exists(folder))
        {
            throw new OutputDirectoryException($"'{folder}' is a file, expected a new or empty folder. Choose another output folder.");
        }

        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).FirstOrDefault() is { } found)
        {
            throw new OutputDirectoryException(
                $"'{folder}' holds {Path.GetFileName(found)}, expected a new or empty folder. Name another one with --out, or remove this one.");
        }
    }

    /// <summary>A checkpoint is about as large as its float model at most, and for a moment its weights lie on the disk twice.</summary>
    private static void EnsureDiskSpace(QuantizeRequest request, long tensorBytes)
    {
        long needed = checked(tensorBytes * (request.Recipes.Count + 1));
        if (DiskSpace.FreeBytes(request.OutputPath) is { } free && free < needed)
        {
            throw new IOException(
                $"too little disk space for '{request.OutputPath}': expected {ByteText.Readable(needed)}, found {ByteText.Readable(free)}. Free some, or name a folder on another disk with --out.");
        }
    }
}
