using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Safetensors;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Pipeline.Execution;

/// <summary>Inputs of a layer that are kept for its smoothing search: whole sequences of the residual stream of the original model, fp32.</summary>
internal static class SampleFile
{
    private const string InputsTensor = "inputs";

    /// <summary>Writes a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="values">Row-major values.</param>
    /// <param name="shape">[sequences, L, d].</param>
    public static void Write(string path, ReadOnlySpan<float> values, Shape shape)
    {
        using var writer = new SafetensorsWriter(path, [new SafetensorsDeclaration(InputsTensor, DType.F32, shape)], flush: false);
        writer.Write(InputsTensor, values);
        writer.Complete();
    }

    /// <summary>Reads what <see cref="Write"/> wrote into a part of a tensor.</summary>
    /// <param name="path">The file.</param>
    /// <param name="kernels">The backend.</param>
    /// <param name="all">[sequences, L, d] F32.</param>
    /// <param name="first">The first sequence that the file holds.</param>
    /// <returns>How many sequences it holds.</returns>
    public static int ReadInto(string path, IKernels kernels, Tensor all, int first)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        if (!file.TryGet(InputsTensor, out SafetensorsEntry? entry) || entry.Shape.Rank != 3)
        {
            throw new InvalidSafetensorsException($"'{path}': expected sequences '{InputsTensor}', found {entry?.ToString() ?? "none"}");
        }

        var values = new float[entry.Shape.ElementCount];
        file.ReadFloat32(entry, values);
        using Tensor part = kernels.Upload<float>(values, entry.Shape);
        using Tensor place = kernels.Rows(all, first, entry.Shape[0]);
        kernels.Copy(part, place);
        return entry.Shape[0];
    }
}
