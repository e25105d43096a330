using MambaQuant.Quant.Safetensors;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Models;

/// <summary>Compares the tensors of a checkpoint with what config.json promises.</summary>
internal static class MambaCheckpointCheck
{
    private const int ShownProblems = 20;
    private const int CompareElements = 1 << 18;

    /// <summary>Checks names, shapes and element types of all tensors.</summary>
    /// <exception cref="InvalidSafetensorsException">Some are wrong; the message lists them, up to a screenful.</exception>
    public static void Run(MambaConfig config, CheckpointTensors tensors)
    {
        var problems = new List<string>();
        var expected = new HashSet<string>(StringComparer.Ordinal);
        foreach ((string name, Shape shape) in MambaCheckpointLayout.Tensors(config))
        {
            expected.Add(name);
            Check(tensors, name, shape, problems);
        }

        expected.Add(MambaTensors.Head);
        CheckHead(config, tensors, problems);
        foreach (string name in tensors.Names.Where(name => !expected.Contains(name)))
        {
            problems.Add($"'{name}' {tensors.Get(name).Entry.Shape} is unexpected");
        }

        if (problems.Count > 0)
        {
            throw Invalid(tensors.Directory, problems);
        }
    }

    private static void Check(CheckpointTensors tensors, string name, Shape shape, List<string> problems)
    {
        if (!tensors.TryGet(name, out CheckpointTensor tensor))
        {
            problems.Add($"'{name}' {shape} is missing");
        }
        else if (tensor.Entry.Shape != shape)
        {
            problems.Add($"'{name}': expected shape {shape}, found {tensor.Entry.Shape}");
        }
        else if (tensor.Entry.DType is not (DType.F32 or DType.F16 or DType.BF16))
        {
            problems.Add($"'{name}': expected F32, F16 or BF16, found {tensor.Entry.DType}");
        }
    }

    /// <summary>A separate head must be there; a tied one may be there, but only as a copy of the embedding table.</summary>
    private static void CheckHead(MambaConfig config, CheckpointTensors tensors, List<string> problems)
    {
        Shape shape = MambaCheckpointLayout.TableShape(config);
        if (!config.TieEmbeddings)
        {
            Check(tensors, MambaTensors.Head, shape, problems);
            return;
        }

        if (!tensors.TryGet(MambaTensors.Head, out CheckpointTensor head))
        {
            return;
        }

        int before = problems.Count;
        Check(tensors, MambaTensors.Head, shape, problems);
        if (problems.Count == 0 && before == 0 && !SameValues(head, tensors.Get(MambaTensors.Embeddings)))
        {
            problems.Add(
                $"'{MambaTensors.Head}' differs from '{MambaTensors.Embeddings}', but {MambaConfigReader.FileName} ties them:"
                + " expected the same values, or \"tie_word_embeddings\": false");
        }
    }

    private static bool SameValues(CheckpointTensor a, CheckpointTensor b)
    {
        int columns = a.Entry.Shape.Columns;
        int step = Math.Max(1, CompareElements / columns);
        var left = new float[checked(step * columns)];
        var right = new float[left.Length];
        for (int row = 0; row < a.Entry.Shape.Rows; row += step)
        {
            int rows = Math.Min(step, a.Entry.Shape.Rows - row);
            a.ReadFloat32Rows(row, rows, left.AsSpan(0, rows * columns));
            b.ReadFloat32Rows(row, rows, right.AsSpan(0, rows * columns));
            if (!left.AsSpan(0, rows * columns).SequenceEqual(right.AsSpan(0, rows * columns)))
            {
                return false;
            }
        }

        return true;
    }

    private static InvalidSafetensorsException Invalid(string directory, List<string> problems)
    {
        IEnumerable<string> shown = problems.Take(ShownProblems);
        if (problems.Count > ShownProblems)
        {
            shown = shown.Append($"and {problems.Count - ShownProblems} more");
        }

        return new InvalidSafetensorsException(
            $"'{directory}': the weights are not those of {MambaConfigReader.FileName} ({problems.Count} problems):\n  {string.Join("\n  ", shown)}\n"
            + $"Check that {MambaConfigReader.FileName} (layers, widths, use_bias, use_conv_bias, tie_word_embeddings) and the weights belong together, or fetch both again.");
    }
}
