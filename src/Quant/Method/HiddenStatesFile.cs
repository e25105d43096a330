using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Safetensors;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Method;

/// <summary>Puts the residual stream of sequences into a file between two blocks of layers, and takes it out again.</summary>
/// <remarks>
/// fp32, so nothing is lost and the number of blocks changes no bit. With it may go the second moment of the stream that the layers
/// before have summed, which the next layers go on summing. One safetensors file; its bytes depend on the values only.
/// </remarks>
public static class HiddenStatesFile
{
    private const string Format = "mambaquant.hidden_states.1";
    private const string HiddenTensor = "hidden";
    private const string PoolPrefix = "pool.";

    /// <summary>Writes a file, beside and renamed.</summary>
    /// <param name="path">The file.</param>
    /// <param name="kernels">The backend that holds the sequences.</param>
    /// <param name="hidden">The sequences; they stay as they are.</param>
    /// <param name="pool">The second moment of the stream so far, or null.</param>
    /// <remarks>Cost: 4 · tokens · d_model bytes, one batch at a time on the host.</remarks>
    /// <exception cref="IOException">The disk is full or failed.</exception>
    public static void Write(string path, IKernels kernels, HiddenStates hidden, SecondMoment? pool)
    {
        ArgumentNullException.ThrowIfNull(kernels);
        ArgumentNullException.ThrowIfNull(hidden);
        Shape first = hidden.Batches[0].Shape;
        var shape = new Shape(hidden.Batches.Sum(batch => batch.Shape[0]), first[1], first[2]);
        SafetensorsDeclaration[] declarations =
            [new SafetensorsDeclaration(HiddenTensor, DType.F32, shape), .. pool?.Declare(PoolPrefix) ?? []];
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal) { [StoredValues.FormatKey] = Format };
        using var writer = new SafetensorsWriter(path, declarations, metadata, flush: false);
        foreach (Tensor batch in hidden.Batches)
        {
            writer.Write(HiddenTensor, kernels.ToArray<float>(batch));
        }

        pool?.Write(writer, PoolPrefix);
        writer.Complete();
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <param name="path">The file.</param>
    /// <param name="kernels">The backend that is going to hold the sequences.</param>
    /// <returns>The sequences in the same batches, which the caller disposes, and the second moment, or null.</returns>
    /// <exception cref="InvalidSafetensorsException">The file is damaged or of another kind.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static (HiddenStates Hidden, SecondMoment? Pool) Read(string path, IKernels kernels)
    {
        ArgumentNullException.ThrowIfNull(kernels);
        using SafetensorsFile file = SafetensorsFile.Open(path);
        StoredValues.EnsureFormat(file, Format);
        if (!file.TryGet(HiddenTensor, out SafetensorsEntry? entry) || entry.DType != DType.F32 || entry.Shape.Rank != 3)
        {
            throw StoredValues.Wrong(file, HiddenTensor, "an F32 tensor of sequences, tokens and channels", $"{entry}");
        }

        var batches = new List<Tensor>();
        HiddenStates? hidden = null;
        try
        {
            (int sequences, int length, int width) = (entry.Shape[0], entry.Shape[1], entry.Shape[2]);
            int perBatch = HiddenStates.SequencesPerBatch(length);
            for (int first = 0; first < sequences; first += perBatch)
            {
                var shape = new Shape(Math.Min(perBatch, sequences - first), length, width);
                float[] values = new float[shape.ElementCount];
                file.ReadFloat32Rows(entry, checked(first * length), checked(shape[0] * length), values);
                batches.Add(kernels.Upload<float>(values, shape));
            }

            SecondMoment? pool = SecondMoment.IsIn(file, PoolPrefix) ? SecondMoment.Read(file, PoolPrefix) : null;
            hidden = HiddenStates.Of(batches);
            return (hidden, pool);
        }
        finally
        {
            if (hidden is null)
            {
                batches.ForEach(batch => batch.Dispose());
            }
        }
    }
}
