using MambaQuant.Pipeline.Inputs;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Safetensors;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Pipeline.Execution;

/// <summary>Compares the files that a worker finds with the hashes that its plan has: other bytes under a right key would stay in the store for good.</summary>
/// <remarks>
/// Cost: every tensor is read once more in a process (<see cref="FileHashes"/>), before weights are loaded from it for the first time: about a second for
/// each gigabyte, which stays in the system's cache for the load itself. For every load after it, a look at length and time of the open file, so that one
/// that is altered in the middle of a job is noticed too. So a worker reads no more than the tensors of its own items. Where the process planned the job
/// itself, as the embedded engine does, nothing is read twice. What comes out of the job's store needs none of this: it lies there under its hash, and the
/// store compares what it reads.
/// </remarks>
/// <param name="plan">The job.</param>
/// <param name="hashes">The process's hashes.</param>
internal sealed class PlannedFiles(WorkPlan plan, FileHashes hashes)
{
    private ModelIdentity Model => plan.Request.Model;

    /// <summary>Refuses a model of which config.json is not the planned one.</summary>
    /// <param name="files">The model's files.</param>
    /// <exception cref="ChangedInputException">It is missing or differs.</exception>
    public void EnsureConfig(IModelFiles files) => Ensure(files, MambaConfigReader.FileName, Model.Files[MambaConfigReader.FileName]);

    /// <summary>Refuses a tensor whose values are not the planned ones, in whatever file it lies.</summary>
    /// <param name="tensor">The tensor.</param>
    /// <exception cref="ChangedInputException">It is not of the planned model, or differs.</exception>
    public void EnsureTensor(CheckpointTensor tensor)
    {
        if (tensor.File.Source.LastWrite is null)
        {
            return;
        }

        if (!Model.Tensors.TryGetValue(tensor.Entry.Name, out TensorIdentity expected))
        {
            throw Changed(tensor, "no such tensor", "one");
        }

        if (tensor.Entry.DType != expected.DType)
        {
            throw Changed(tensor, $"{expected.DType}", $"{tensor.Entry.DType}");
        }

        string found = hashes.OfTensor(tensor);
        if (found != expected.Sha256)
        {
            throw Changed(tensor, $"SHA-256 {expected.Sha256}", $"SHA-256 {found}");
        }
    }

    /// <summary>Refuses a model in which what a quantized checkpoint takes over as it is is not as planned.</summary>
    /// <param name="files">The model's files.</param>
    /// <exception cref="ChangedInputException">A file is missing, new, or differs.</exception>
    public void EnsureCompanions(IModelFiles files)
    {
        foreach (string name in QuantizedCheckpointWriter.CopiedFiles)
        {
            if (Model.Companions.TryGetValue(name, out string? hash))
            {
                Ensure(files, name, hash);
            }
            else if (files.Contains(name))
            {
                throw new ChangedInputException($"'{files.Locate(name)}' has come since the job was planned: expected no such file, found one. Take it away, or begin again with it.") { IsAnother = true };
            }
        }
    }

    /// <summary>Refuses a file of the model that is not the planned one.</summary>
    /// <param name="files">The model's files.</param>
    /// <param name="name">The file.</param>
    /// <param name="expected">Its hash in the plan.</param>
    /// <exception cref="ChangedInputException">It is missing or differs.</exception>
    public void Ensure(IModelFiles files, string name, string expected)
    {
        if (!files.Contains(name))
        {
            throw Changed(files.Locate(name), $"SHA-256 {expected}", "no file", isAnother: false);
        }

        using IByteSource file = files.Open(name);
        Ensure(file, expected);
    }

    /// <summary>Refuses an open file that is not the planned one.</summary>
    /// <param name="file">The file.</param>
    /// <param name="expected">Its hash in the plan.</param>
    /// <exception cref="ChangedInputException">It differs.</exception>
    public void Ensure(IByteSource file, string expected)
    {
        string found = file.LastWrite is null ? expected : hashes.Of(file);
        if (found != expected)
        {
            throw Changed(file.Description, $"SHA-256 {expected}", $"SHA-256 {found}");
        }
    }

    private static ChangedInputException Changed(CheckpointTensor tensor, string expected, string found) =>
        Changed($"{tensor.File.Path}', tensor '{tensor.Entry.Name}", expected, found);

    private static ChangedInputException Changed(string what, string expected, string found, bool isAnother = true) => new(
        $"'{what}' has changed since the job was planned, or is another one on this machine: expected {expected}, found {found}. Put the file back, or begin again with the new one.")
    {
        IsAnother = isAnother,
    };
}
