using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;
using MambaQuant.Testing;

namespace MambaQuant.EndToEnd;

/// <summary>The sample model, and copies of it that are damaged in one way each.</summary>
internal static class SampleModel
{
    /// <summary>Its folder.</summary>
    public static string Folder { get; } = Repository.Path("samples", "mamba-5m");

    /// <summary>The text to evaluate on.</summary>
    public static string EvaluationText { get; } = Path.Combine(Folder, "eval.txt");

    /// <summary>Copies the model.</summary>
    /// <param name="parent">Where to.</param>
    /// <returns>The folder of the copy.</returns>
    public static string Copy(TemporaryDirectory parent)
    {
        string folder = parent.File("model");
        Directory.CreateDirectory(folder);
        foreach (string file in Directory.EnumerateFiles(Folder))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }

        return folder;
    }

    /// <summary>Replaces text in a file of a model; it must occur.</summary>
    /// <param name="folder">The model.</param>
    /// <param name="file">The file's name.</param>
    /// <param name="old">The text.</param>
    /// <param name="text">What takes its place.</param>
    public static void Replace(string folder, string file, string old, string text)
    {
        string path = Path.Combine(folder, file);
        string content = File.ReadAllText(path);
        if (!content.Contains(old, StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"{file} has no '{old}'");
        }

        File.WriteAllText(path, content.Replace(old, text, StringComparison.Ordinal));
    }

    /// <summary>Cuts the end off the weights.</summary>
    /// <param name="folder">The model.</param>
    /// <param name="bytes">How many bytes.</param>
    public static void TruncateWeights(string folder, int bytes)
    {
        using FileStream file = File.Open(Weights(folder), FileMode.Open);
        file.SetLength(file.Length - bytes);
    }

    /// <summary>Gives a tensor another name of the same length.</summary>
    /// <param name="folder">The model.</param>
    /// <param name="name">The name.</param>
    /// <param name="other">The other name.</param>
    public static void RenameTensor(string folder, string name, string other)
    {
        byte[] content = File.ReadAllBytes(Weights(folder));
        int at = content.AsSpan().IndexOf(Encoding.UTF8.GetBytes($"\"{name}\""));
        Encoding.UTF8.GetBytes($"\"{other}\"").CopyTo(content, at);
        File.WriteAllBytes(Weights(folder), content);
    }

    /// <summary>Makes the first value of an fp16 tensor NaN.</summary>
    /// <param name="folder">The model.</param>
    /// <param name="name">The tensor.</param>
    public static void PoisonTensor(string folder, string name)
    {
        byte[] content = File.ReadAllBytes(Weights(folder));
        int headerLength = (int)BinaryPrimitives.ReadInt64LittleEndian(content);
        JsonNode header = JsonNode.Parse(content.AsSpan(8, headerLength))!;
        int start = 8 + headerLength + header[name]!["data_offsets"]![0]!.GetValue<int>();
        BinaryPrimitives.WriteHalfLittleEndian(content.AsSpan(start), Half.NaN);
        File.WriteAllBytes(Weights(folder), content);
    }

    private static string Weights(string folder) => Path.Combine(folder, "model.safetensors");
}
