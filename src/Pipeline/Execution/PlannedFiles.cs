using MambaQuant.Pipeline.Planning;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Models;

namespace MambaQuant.Pipeline.Execution;

/// <summary>Compares the files that a worker finds with the hashes that its plan has: other bytes under a right key would stay in the store for good.</summary>
/// <remarks>
/// Cost: every weight file is read to its end once in a process (<see cref="FileHashes"/>), before the first item that needs weights: about a second for
/// each gigabyte, which stays in the system's cache for the items themselves. For every item after it, a look at length and time of the same files, so that
/// one that is exchanged in the middle of a job is noticed too. Where the process planned the job itself, as the embedded engine does, nothing is read
/// twice. Whole files, because their hashes are what a plan knows: less would not be sure.
/// </remarks>
/// <param name="plan">The job.</param>
/// <param name="hashes">The process's hashes.</param>
internal sealed class PlannedFiles(WorkPlan plan, FileHashes hashes)
{
    /// <summary>Refuses a model folder of which a weight file or config.json is not the planned one.</summary>
    /// <param name="folder">The model folder.</param>
    /// <exception cref="ChangedInputException">A file is missing or differs.</exception>
    public void EnsureModel(string folder)
    {
        foreach ((string file, string hash) in plan.Request.Model.Files)
        {
            Ensure(Path.Combine(folder, file), hash);
        }
    }

    /// <summary>Refuses a checkpoint whose index finds tensors elsewhere than the plan does.</summary>
    /// <param name="checkpoint">The open checkpoint.</param>
    /// <exception cref="ChangedInputException">The index differs.</exception>
    public void EnsureIndex(MambaCheckpoint checkpoint)
    {
        foreach ((string tensor, string file) in plan.Request.Model.TensorFiles)
        {
            string found = Path.GetFileName(checkpoint.Tensors.Get(tensor).File.Path);
            if (found != file)
            {
                throw new ChangedInputException(
                    $"the index of '{checkpoint.Directory}' has changed since the job was planned: expected '{tensor}' in '{file}', found it in '{found}'. Put the model back as it was, or begin again with the new one.");
            }
        }
    }

    /// <summary>Refuses a model folder in which what a quantized checkpoint takes over as it is is not as planned.</summary>
    /// <param name="folder">The model folder.</param>
    /// <exception cref="ChangedInputException">A file is missing, new, or differs.</exception>
    public void EnsureCompanions(string folder)
    {
        foreach (string path in QuantizedCheckpointWriter.CopiedFiles.Select(file => Path.Combine(folder, file)))
        {
            if (plan.Request.Model.Companions.TryGetValue(Path.GetFileName(path), out string? hash))
            {
                Ensure(path, hash);
            }
            else if (File.Exists(path))
            {
                throw new ChangedInputException($"'{path}' has come since the job was planned: expected no such file, found one. Take it away, or begin again with it.");
            }
        }
    }

    /// <summary>Refuses a file that is not the planned one.</summary>
    /// <param name="path">The file.</param>
    /// <param name="expected">Its hash in the plan.</param>
    /// <exception cref="ChangedInputException">It is missing or differs.</exception>
    public void Ensure(string path, string expected)
    {
        string found = File.Exists(path) ? $"SHA-256 {hashes.Of(path)}" : "no file";
        if (found != $"SHA-256 {expected}")
        {
            throw new ChangedInputException(
                $"'{path}' has changed since the job was planned, or is another file on this machine: expected SHA-256 {expected}, found {found}. Put the file back, or begin again with the new one.");
        }
    }
}
