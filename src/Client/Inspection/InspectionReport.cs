using MambaQuant.Client.Output;

namespace MambaQuant.Client.Inspection;

/// <summary>What <c>inspect</c> prints about a model folder.</summary>
internal sealed record InspectionReport
{
    /// <summary>The folder as it was named.</summary>
    public required string Model { get; init; }

    /// <summary>"float" or "quantized".</summary>
    public required string Format { get; init; }

    /// <summary>Number of layers.</summary>
    public required int Layers { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int DModel { get; init; }

    /// <summary>Width inside a block.</summary>
    public required int DInner { get; init; }

    /// <summary>States per channel.</summary>
    public required int DState { get; init; }

    /// <summary>Taps of the convolution.</summary>
    public required int DConv { get; init; }

    /// <summary>Rank of the time-step path.</summary>
    public required int DtRank { get; init; }

    /// <summary>Rows of the embedding table.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Whether the head is the embedding table.</summary>
    public required bool TiedHead { get; init; }

    /// <summary>Bytes of all tensors.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>What is left of the transforms at run time, such as "Hadamard 512 at XProjInput", "S-SiLU"; empty for a float model.</summary>
    public required IReadOnlyList<string> AtRunTime { get; init; }

    /// <summary>The modules in the order of the data flow.</summary>
    public required IReadOnlyList<ModuleReport> Modules { get; init; }

    /// <summary>Prints it for people.</summary>
    /// <param name="output">Where to.</param>
    public void Write(TextWriter output)
    {
        output.WriteLine($"model: {Model} ({Format}, {ByteText.Readable(SizeBytes)})");
        output.WriteLine(
            $"dimensions: {Layers} layers, d_model {DModel}, d_inner {DInner}, state {DState}, conv {DConv}, time-step rank {DtRank}, "
            + $"vocabulary {VocabularySize:N0}, head {(TiedHead ? "tied" : "of its own")}");
        if (AtRunTime.Count > 0)
        {
            output.WriteLine($"at run time: {string.Join(", ", AtRunTime)}");
        }

        output.WriteLine();
        TextTable table = new("module", "shape", "weights", "input", "bytes", "weight scales", "input scale");
        foreach (ModuleReport module in Modules)
        {
            table.Add(
                module.Layer is { } layer ? $"{layer} {module.Module}" : module.Module,
                module.Shape is { } shape ? string.Join(" × ", shape) : "",
                module.Weights,
                module.Input ?? "",
                $"{module.SizeBytes:N0}",
                module.WeightScales?.ToString() ?? "",
                module.InputScale?.ToString() ?? "");
        }

        table.Write(output);
    }
}
