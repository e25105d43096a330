using MambaQuant.Quant.Datasets;
using MambaQuant.Quant.Safetensors;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Pipeline.Execution;

/// <summary>Token sequences in a safetensors file.</summary>
internal static class SequenceFile
{
    private const string TokensTensor = "tokens";

    /// <summary>Writes a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="set">The sequences.</param>
    public static void Write(string path, CalibrationSet set)
    {
        var shape = new Shape(set.Sequences.Count, set.SequenceLength);
        using var writer = new SafetensorsWriter(path, [new SafetensorsDeclaration(TokensTensor, DType.I32, shape)], flush: false);
        foreach (int[] sequence in set.Sequences)
        {
            writer.Write(TokensTensor, sequence);
        }

        writer.Complete();
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <param name="path">The file.</param>
    /// <param name="source">What the sequences were taken from.</param>
    /// <exception cref="InvalidSafetensorsException">The file holds something else.</exception>
    public static CalibrationSet Read(string path, string source)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        if (!file.TryGet(TokensTensor, out SafetensorsEntry? entry) || entry.Shape.Rank != 2)
        {
            throw new InvalidSafetensorsException($"'{path}': expected a matrix '{TokensTensor}', found {entry?.ToString() ?? "none"}");
        }

        var ids = new int[entry.Shape.ElementCount];
        file.ReadInt32(entry, ids);
        return new CalibrationSet([.. ids.Chunk(entry.Shape.Columns)], source);
    }
}
