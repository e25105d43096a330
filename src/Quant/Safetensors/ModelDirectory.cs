using System.IO.Enumeration;
using System.Text.RegularExpressions;

namespace MambaQuant.Quant.Safetensors;

/// <summary>Refuses what is not a model folder with the command that makes one.</summary>
public static partial class ModelDirectory
{
    private static readonly string[] _pickles = ["pytorch_model.bin", "pytorch_model.bin.index.json", "*.bin", "*.pt", "*.pth"];

    /// <summary>Checks that a path is a folder.</summary>
    /// <param name="path">What the user named.</param>
    /// <exception cref="UnsupportedModelException">It is missing, a hub id ("org/name"), or a file.</exception>
    public static void EnsureExists(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (Directory.Exists(path))
        {
            return;
        }

        if (File.Exists(path))
        {
            throw new UnsupportedModelException(
                $"'{path}' is a file, expected a model folder with config.json and *.safetensors. Name the folder that holds it.");
        }

        if (HubId().IsMatch(path))
        {
            string name = path[(path.IndexOf('/', StringComparison.Ordinal) + 1)..];
            throw new UnsupportedModelException(
                $"there is no folder '{path}', and hub ids are not downloaded here. Fetch it first: hf download {path} --local-dir {name}"
                + $" (older: huggingface-cli download {path} --local-dir {name}), then name the folder {name}.");
        }

        throw new UnsupportedModelException(
            $"there is no folder '{path}', expected a model folder with config.json and *.safetensors. Check the path.");
    }

    /// <summary>Says why a folder without safetensors files cannot be read.</summary>
    /// <param name="files">The model's files.</param>
    /// <returns>The exception to throw; it gives the command that converts, where there is something to convert.</returns>
    internal static UnsupportedModelException NoSafetensors(IModelFiles files)
    {
        string directory = files.Description;
        string? pickle = _pickles.SelectMany(pattern => files.Names.Where(name => FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false))).FirstOrDefault();
        return pickle is null
            ? new UnsupportedModelException(
                $"'{directory}' holds no weights: expected {CheckpointTensors.SingleFileName} or {CheckpointTensors.IndexFileName}."
                + " Name the folder of a model in Hugging Face layout.")
            : new UnsupportedModelException(
                $"'{directory}' holds '{pickle}', a pickled checkpoint, which is not read here (it can run code);"
                + $" expected {CheckpointTensors.SingleFileName} or {CheckpointTensors.IndexFileName}. Convert it with transformers:"
                + $" python -c \"from transformers import AutoModelForCausalLM as M; m = M.from_pretrained('{directory}');"
                + " m.save_pretrained('converted', safe_serialization=True)\", copy tokenizer.json to 'converted', then name that folder.");
    }

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*$", RegexOptions.CultureInvariant)]
    private static partial Regex HubId();
}
