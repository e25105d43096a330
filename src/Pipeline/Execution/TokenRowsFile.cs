using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Safetensors;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Pipeline.Execution;

/// <summary>A row of fp32 values for each token of a shard of windows, in a safetensors file that is read in pieces.</summary>
internal sealed class TokenRowsFile : IDisposable
{
    private const string RowsTensor = "rows";

    private readonly SafetensorsFile _file;
    private readonly SafetensorsEntry _entry;

    private TokenRowsFile(SafetensorsFile file, SafetensorsEntry entry)
    {
        _file = file;
        _entry = entry;
    }

    /// <summary>Writes a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="kernels">The backend.</param>
    /// <param name="batches">[..., d] F32 each, token behind token.</param>
    /// <param name="row">Makes of a batch what is written, a new tensor that is disposed here; null for the batch itself.</param>
    /// <remarks>Cost: one batch at a time on the host.</remarks>
    public static void Write(string path, IKernels kernels, IReadOnlyList<Tensor> batches, Func<Tensor, Tensor>? row = null)
    {
        var shape = new Shape(batches.Sum(batch => batch.Shape.Rows), batches[0].Shape.Columns);
        using var writer = new SafetensorsWriter(path, [new SafetensorsDeclaration(RowsTensor, DType.F32, shape)], flush: false);
        foreach (Tensor batch in batches)
        {
            using Tensor? made = row?.Invoke(batch);
            var values = new float[batch.Shape.ElementCount];
            kernels.Download(made ?? batch, values.AsSpan());
            writer.Write(RowsTensor, values);
        }

        writer.Complete();
    }

    /// <summary>Opens what <see cref="Write"/> wrote.</summary>
    /// <param name="path">The file; it stays open.</param>
    /// <exception cref="InvalidSafetensorsException">The file holds something else.</exception>
    public static TokenRowsFile Open(string path)
    {
        SafetensorsFile file = SafetensorsFile.Open(path);
        if (file.TryGet(RowsTensor, out SafetensorsEntry? entry) && entry.Shape.Rank == 2)
        {
            return new TokenRowsFile(file, entry);
        }

        file.Dispose();
        throw new InvalidSafetensorsException($"'{path}': expected a matrix '{RowsTensor}', found {entry?.ToString() ?? "none"}");
    }

    /// <summary>Reads some rows.</summary>
    /// <param name="kernels">The backend that is going to hold them.</param>
    /// <param name="first">The first row.</param>
    /// <param name="count">How many.</param>
    /// <returns>[count, d] F32.</returns>
    public Tensor Rows(IKernels kernels, int first, int count)
    {
        var shape = new Shape(count, _entry.Shape.Columns);
        var values = new float[shape.ElementCount];
        _file.ReadFloat32Rows(_entry, first, count, values);
        return kernels.Upload<float>(values, shape);
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}
