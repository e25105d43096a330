using MambaQuant.Pipeline.Local;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Recipes;

namespace MambaQuant.Client.Quantizing;

/// <summary>The folders that a request writes: all are checked before the first one is begun.</summary>
internal static class OutputFolders
{
    /// <summary>Refuses a request whose folders are not all free; nothing that is there is ever touched.</summary>
    /// <param name="request">The request.</param>
    /// <param name="isOwn">Whether what lies in a recipe's folder may be what the request is to make; null for none.</param>
    /// <exception cref="OutputDirectoryException">Names the folders that are there, those that are not, and the command for the rest.</exception>
    public static void EnsureFree(QuantizeRequest request, Func<Recipe, bool>? isOwn = null)
    {
        if (File.Exists(request.OutputPath))
        {
            throw new OutputDirectoryException($"'{request.OutputPath}' is a file, expected a new or empty folder. Name another one with --out.");
        }

        // Finished checkpoints beside the rest of an interrupted run may be its own: the run itself compares.
        bool resumes = request.Resume != ResumeMode.Never && LocalEngine.HasInterruptedRun(request.OutputPath);
        List<Recipe> taken = [.. request.Recipes.Where(recipe => IsTaken(request.OutputOf(recipe)) && !(resumes && IsFinished(request.OutputOf(recipe))) && isOwn?.Invoke(recipe) != true)];
        if (taken.Count > 0)
        {
            List<Recipe> missing = [.. request.Recipes.Except(taken)];
            throw new OutputDirectoryException(
                $"{string.Join("; ", taken.Select(recipe => Found(request.OutputOf(recipe))))}: expected new or empty folders. {NextStep(request, missing)}");
        }

        foreach (Recipe recipe in request.Recipes.Where(recipe => !IsFinished(request.OutputOf(recipe))))
        {
            LocalEngine.EnsureOutputIsFree(request.OutputOf(recipe));
        }
    }

    private static bool IsTaken(string folder) =>
        File.Exists(folder) || (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any());

    /// <summary>A checkpoint gets its name when it is whole, so a folder with a manifest is a finished one.</summary>
    private static bool IsFinished(string folder) => File.Exists(Path.Combine(folder, QuantizedCheckpointWriter.ManifestName));

    private static string Found(string folder)
    {
        if (File.Exists(folder))
        {
            return $"'{folder}' is a file";
        }

        return IsFinished(folder)
            ? $"'{folder}' holds a finished checkpoint"
            : $"'{folder}' holds {Directory.EnumerateFileSystemEntries(folder).Select(Path.GetFileName).Min(StringComparer.Ordinal)}";
    }

    private static string NextStep(QuantizeRequest request, List<Recipe> missing) => missing switch
    {
        _ when request.Recipes.Count == 1 => "Remove it, or name another folder with --out.",
        [] => "All are there; remove those that are to be made again, or name another folder with --out.",
        [Recipe one] => $"To make only what is missing: --preset {one.Name} --out {request.OutputOf(one)}; to make all, remove what is there, or name another folder with --out.",
        _ => $"To make only what is missing: --preset {string.Join(',', missing.Select(recipe => recipe.Name))} with the same --out; to make all, remove what is there, or name another folder with --out.",
    };
}
