using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Inputs;
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
    /// <summary>The exit code of a failure that another process met, by the name of its exception's type; null where it has none.</summary>
    /// <param name="fault">The name.</param>
    public static int? Find(string fault) => fault switch
    {
        nameof(UnsupportedModelException) => ExitCodes.UnsupportedModel,
        nameof(InvalidSafetensorsException) or nameof(InvalidModelConfigException) or nameof(InvalidCheckpointException) => ExitCodes.InvalidCheckpoint,
        nameof(InvalidTokenizerException) => ExitCodes.InvalidTokenizer,
        nameof(InvalidRecipeException) or nameof(UnsupportedSiteException) => ExitCodes.InvalidRecipe,
        nameof(InvalidTextException) => ExitCodes.InvalidText,
        nameof(InsufficientTextException) => ExitCodes.TooLittleText,
        nameof(NonFiniteWeightException) or nameof(NonFiniteActivationException) => ExitCodes.NonFiniteValue,
        nameof(NumericalException) => ExitCodes.NumericalFailure,
        nameof(OutOfMemoryException) => ExitCodes.OutOfMemory,
        nameof(IOException) or nameof(UnauthorizedAccessException) or nameof(ArtifactStoreException) or nameof(ArtifactNotFoundException) or nameof(CorruptArtifactException)
            or nameof(FileNotFoundException) or nameof(DirectoryNotFoundException) // of a mounted path: this process found all that it looked for
            or nameof(ChangedInputException) or nameof(InvalidPlanException) or nameof(InvalidRequestException) => ExitCodes.StorageFailure,
        _ => null,
    };

    /// <summary>Whether a run that ended with a code would do so again: the model, the text or the recipe is at fault, not the machine.</summary>
    /// <param name="code">The exit code.</param>
    public static bool IsFinal(int? code) => code is ExitCodes.UnsupportedModel or ExitCodes.InvalidCheckpoint or ExitCodes.InvalidTokenizer or ExitCodes.InvalidRecipe
        or ExitCodes.InvalidText or ExitCodes.TooLittleText or ExitCodes.NonFiniteValue or ExitCodes.NumericalFailure;

    /// <summary>The exit code of an exception, or null where it is none that a user can cause.</summary>
    /// <param name="cause">The exception.</param>
    public static int? Find(Exception cause) => cause switch
    {
        UsageException => ExitCodes.Usage,
        ClusterException cluster => cluster.ExitCode,
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
        IOException or UnauthorizedAccessException or InvalidPlanException or InvalidJournalException or InvalidRequestException => ExitCodes.StorageFailure,
        _ => null,
    };
}
