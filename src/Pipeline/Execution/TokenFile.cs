using MambaQuant.Quant.Safetensors;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Pipeline.Execution;

/// <summary>A run of token ids in a safetensors file.</summary>
internal static class TokenFile
{
    private const string TokensTensor = "tokens";

    /// <summary>Writes a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="tokens">The ids, at least one.</param>
    public static void Write(string path, ReadOnlySpan<int> tokens)
    {
        using var writer = new SafetensorsWriter(path, [new SafetensorsDeclaration(TokensTensor, DType.I32, new Shape(tokens.Length))], flush: false);
        writer.Write(TokensTensor, tokens);
        writer.Complete();
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidSafetensorsException">The file holds something else.</exception>
    public static int[] Read(string path)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        if (!file.TryGet(TokensTensor, out SafetensorsEntry? entry) || entry.Shape.Rank != 1)
        {
            throw new InvalidSafetensorsException($"'{path}': expected a vector '{TokensTensor}', found {entry?.ToString() ?? "none"}");
        }

        var ids = new int[entry.Shape.ElementCount];
        file.ReadInt32(entry, ids);
        return ids;
    }
}
