using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Quantization;

/// <summary>Quantizes what lies outside the layers: embeddings and head, in chunks of rows, and the head's input.</summary>
public static class EndsQuantizer
{
    /// <summary>Quantizes embeddings and head.</summary>
    /// <param name="kernels">The backend.</param>
    /// <param name="family">The model's tables.</param>
    /// <param name="tableShape">[V, d], rows and width of both tables.</param>
    /// <param name="embeddings">The transformed embedding table from its first row on, F32 chunks [rows, d]; each is disposed after its use.</param>
    /// <param name="head">The transformed head likewise; null where it is the embedding table itself. The table's scheme then holds for both.</param>
    /// <param name="finalNorm">Weight of the final norm after the transforms, [d] F32; copied.</param>
    /// <param name="scheme">What is quantized and how.</param>
    /// <param name="headInput">What was observed of the head's input; may be null where it is not quantized with a fixed range.</param>
    /// <param name="gptq">How GPTQ runs; null for rounding to nearest.</param>
    /// <param name="headMoment">Second moment of the head's input; read only where GPTQ rounds the head.</param>
    /// <returns>The ends, which the caller disposes, and what was lost.</returns>
    /// <exception cref="ArgumentException">Rows or statistics are missing.</exception>
    public static (QuantizedEnds Ends, LayerQuantizationReport Report) Quantize(
        IKernels kernels,
        ModelFamily family,
        Shape tableShape,
        IEnumerable<Tensor> embeddings,
        IEnumerable<Tensor>? head,
        Tensor finalNorm,
        QuantizationScheme scheme,
        SiteStatistics? headInput,
        GptqOptions? gptq = null,
        SecondMoment? headMoment = null)
    {
        ArgumentNullException.ThrowIfNull(kernels);
        ArgumentNullException.ThrowIfNull(family);
        ArgumentNullException.ThrowIfNull(embeddings);
        ArgumentNullException.ThrowIfNull(finalNorm);
        ArgumentNullException.ThrowIfNull(scheme);
        QuantizationSchemeValidator.ThrowIfInvalid(scheme);
        ModuleScheme headScheme = scheme.Find(family.Head.Name) ?? new ModuleScheme(null, null);
        (SiteQuantization? input, ActivationQuantizationReport? site) = FitHeadInput(headScheme.Input, headInput);
        QuantizationArgs? tableArgs = scheme.Find(family.Embeddings.Name)?.Weights;
        Table table = QuantizeTable(kernels, family.Embeddings.Name, tableShape, embeddings, tableArgs, gptq: null);
        Table? separate = null;
        bool complete = false;
        try
        {
            if (head is not null)
            {
                using Gptq? compensation = CalibrationNeeds.IsCompensated(family.Head, headScheme.Weights, gptq)
                    ? Gptq.Prepare(kernels, headMoment ?? throw MissingMoment(family), gptq!)
                    : null;
                separate = QuantizeTable(kernels, family.Head.Name, tableShape, head, headScheme.Weights, compensation);
            }

            complete = true;
        }
        finally
        {
            if (!complete)
            {
                table.Codes?.Dispose();
                table.Values?.Dispose();
            }
        }

        var ends = new QuantizedEnds
        {
            EmbeddingCodes = table.Codes,
            EmbeddingTable = table.Values,
            FinalNorm = kernels.Clone(finalNorm),
            HeadIsTied = head is null,
            HeadCodes = separate?.Codes,
            HeadTable = separate?.Values,
            HeadInput = input,
            EmbeddingArgs = tableArgs,
            HeadArgs = head is null ? tableArgs : headScheme.Weights,
        };
        return (ends, new LayerQuantizationReport(
            [.. new[] { table.Report, separate?.Report }.OfType<WeightQuantizationReport>()],
            site is null ? [] : [site]));
    }

    private static Table QuantizeTable(
        IKernels kernels, string module, Shape shape, IEnumerable<Tensor> chunks, QuantizationArgs? args, Gptq? gptq)
    {
        if (args is null)
        {
            return new Table(null, Gather(kernels, module, shape, chunks), null);
        }

        using var table = new TableQuantizer(kernels, module, shape, args, gptq);
        foreach (Tensor chunk in chunks)
        {
            using (chunk)
            {
                table.Add(chunk);
            }
        }

        (WeightCodes codes, WeightQuantizationReport report) = table.Complete();
        return new Table(codes, null, report);
    }

    private static Tensor Gather(IKernels kernels, string module, Shape shape, IEnumerable<Tensor> chunks)
    {
        Tensor whole = kernels.Allocate(DType.F32, shape);
        int filled = 0;
        foreach (Tensor chunk in chunks)
        {
            using (chunk)
            {
                using Tensor place = kernels.Rows(whole, filled, chunk.Shape[0]);
                kernels.Copy(chunk, place);
                filled += chunk.Shape[0];
            }
        }

        return filled == shape[0] ? whole : throw new ArgumentException($"{module}: {shape[0]} rows are expected, found {filled}", nameof(chunks));
    }

    private static (SiteQuantization? Quantizer, ActivationQuantizationReport? Report) FitHeadInput(QuantizationArgs? args, SiteStatistics? statistics)
    {
        if (args is null)
        {
            return (null, null);
        }

        return ActivationQuantizer.Fit(ActivationSite.HeadInput, args, statistics);
    }

    private static ArgumentException MissingMoment(ModelFamily family) =>
        new($"{family.Head.Name}: GPTQ needs the second moment of {family.Head.Input}, which is not there");

    private sealed record Table(WeightCodes? Codes, Tensor? Values, WeightQuantizationReport? Report);
}
