using MambaQuant.Quant.Safetensors;

namespace MambaQuant.Testing;

/// <summary>Writes the same model in other files.</summary>
public static class ModelCopies
{
    /// <summary>Copies a model folder, its weights cut into files anew.</summary>
    /// <param name="from">The model.</param>
    /// <param name="to">The folder to make.</param>
    /// <param name="fileBytes">Bytes at which a new weight file begins.</param>
    public static void Reshard(string from, string to, long fileBytes)
    {
        Directory.CreateDirectory(to);
        foreach (string path in Directory.EnumerateFiles(from).Where(path => !Path.GetFileName(path).StartsWith("model.safetensors", StringComparison.Ordinal)))
        {
            File.Copy(path, Path.Combine(to, Path.GetFileName(path)));
        }

        using CheckpointTensors tensors = CheckpointTensors.Open(from);
        using var writer = new ShardedSafetensorsWriter(
            to,
            [.. tensors.Names.Select(tensors.Get).Select(tensor => new SafetensorsDeclaration(tensor.Entry.Name, tensor.Entry.DType, tensor.Entry.Shape))],
            fileBytes,
            new Dictionary<string, string> { ["format"] = "pt" });
        foreach (CheckpointTensor tensor in tensors.Names.Select(tensors.Get))
        {
            var bytes = new byte[tensor.Entry.SizeBytes];
            tensor.File.ReadBytes(tensor.Entry, bytes);
            writer.For(tensor.Entry.Name).WriteBytes(tensor.Entry.Name, bytes);
        }

        writer.Complete();
    }
}
