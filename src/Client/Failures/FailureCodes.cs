using MambaQuant.Pipeline.Local;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Datasets;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Recipes;
using MambaQuant.Quant.Safetensors;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tokenization;

namespace MambaQuant.Client.Failures;

/// <summary>The one place where exceptions become exit codes.</summary>
internal static class FailureCodes
{
    /// <summary>The exit code of an exception, or null where it is none that a user can cause.</summary>
    /// <param name="cause">The exception.</param>
    public static int? Find(Exception cause) => cause switch
    {
        UsageException => ExitCodes.Usage,
        FileNotFoundException or DirectoryNotFoundException => ExitCodes.MissingInput,
        UnsupportedModelException => ExitCodes.UnsupportedModel,
        InvalidSafetensorsException or InvalidModelConfigException or InvalidCheckpointException => ExitCodes.InvalidCheckpoint,
        InvalidTokenizerException => ExitCodes.InvalidTokenizer,
        InvalidRecipeException or UnsupportedSiteException => ExitCodes.InvalidRecipe,
        InvalidTextException => ExitCodes.InvalidText,
        InsufficientTextException => ExitCodes.TooLittleText,
        OutputDirectoryException or ResumeException => ExitCodes.OutputNotEmpty,
        NonFiniteWeightException or NonFiniteActivationException => ExitCodes.NonFiniteValue,
        NumericalException => ExitCodes.NumericalFailure,
        OutOfMemoryException => ExitCodes.OutOfMemory,
        IOException or UnauthorizedAccessException or InvalidPlanException or InvalidJournalException => ExitCodes.StorageFailure,
        _ => null,
    };
}
