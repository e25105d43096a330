using System.Collections.Immutable;

namespace MambaQuant.Quant.Quantization;

/// <summary>What is quantized in a model, and how.</summary>
public sealed record QuantizationScheme
{
    /// <summary>The name it was asked for by, such as "W4A8".</summary>
    public required string Name { get; init; }

    /// <summary>Per module name (in_proj, conv1d, x_proj, dt_proj, out_proj, lm_head, embeddings); an absent module stays float.</summary>
    public required ImmutableSortedDictionary<string, ModuleScheme> Modules { get; init; }

    /// <summary>h where it meets C: symmetric, per channel static, or per token dynamic (one scale per token and channel); null leaves it fp32.</summary>
    public QuantizationArgs? ScanState { get; init; }

    /// <summary>C where it meets h: symmetric, per tensor static, or per token dynamic; null leaves it fp32. Set together with <see cref="ScanState"/>.</summary>
    public QuantizationArgs? ScanOutput { get; init; }

    /// <summary>The scheme of a module, or null where it stays float.</summary>
    /// <param name="module">Module name.</param>
    public ModuleScheme? Find(string module) => Modules.GetValueOrDefault(module);

    /// <summary>Whether two schemes quantize alike: same name, modules and scan operands.</summary>
    /// <param name="other">The other scheme.</param>
    public bool Equals(QuantizationScheme? other) =>
        other is not null
        && Name == other.Name
        && ScanState == other.ScanState
        && ScanOutput == other.ScanOutput
        && Modules.SequenceEqual(other.Modules);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, Modules.Count, ScanState, ScanOutput);
}
