using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.RegularExpressions;
using MambaQuant.Quant.Kernels;
using static MambaQuant.Quant.Models.MambaFamily;

namespace MambaQuant.Quant.Quantization;

/// <summary>Schemes by name: WxAy with x weight bits and y activation bits, each 2 to 8, or 16 for float.</summary>
/// <remarks>
/// Defaults. Symmetric everywhere; "channel" is one scale per output row, "static" one fixed scale per tensor.
/// <code>
/// what                     | default, x = 5 … 8    | default, x = 2 … 4        | strict, x = 2 … 8
/// in_proj, out_proj        | x bits, channel       | x bits, groups of 128     | x bits, channel
/// x_proj, dt_proj          | x bits, channel       | 8 bits, channel           | x bits, channel
/// conv1d, lm_head, table   | 8 bits, channel       | 8 bits, channel           | x bits, channel
///
/// what                     | default, y = 2 … 8    | strict, y = 2 … 8         | y = 16
/// input of the four linears| y bits, static        | y bits, static            | float
/// input of conv1d, lm_head | 8 bits, static        | y bits, static            | float
/// h where it meets C       | 8 bits, static per channel (default and strict)   | float
/// C where it meets h       | 8 bits, static        (default and strict)        | float
/// </code>
/// x = 16 leaves all weights float, the table too; W16A16 is refused. What the table does not name stays float: norms, biases,
/// A_log, D, Δ, B as an operand of the scan, the gate, the residual stream and the recurrence itself.
/// A row narrower than a group has one scale; a width that groups do not divide ends with a shorter group.
/// Why: rows of dt_rank or conv_kernel columns are too short for groups, the projections to dt, B and C steer the recurrence, and
/// embeddings and head of small models suffer most at 4 bits, while all of them together are few bytes beside in_proj and out_proj.
/// h and C stay at 8 bits below that, as in the published code: one product of N = 16 terms has little to average its errors over.
/// The strict form is the published code's choice of sites (which leaves the table float; we quantize it), for comparison with the paper.
/// </remarks>
public static partial class QuantizationSchemes
{
    /// <summary>The group size of weights of 4 bits or fewer.</summary>
    public const int DefaultGroupSize = 128;

    private const int FloatBits = 16;
    private const int SafeBits = 8;
    private const int FewBits = 4;

    /// <summary>The names that are documented and tested; others of the form WxAy are understood as well.</summary>
    public static ImmutableArray<string> Names { get; } = ["W8A8", "W4A8", "W4A16", "W8A16"];

    /// <summary>Makes the scheme of a name.</summary>
    /// <param name="name">Such as "W4A8"; upper or lower case.</param>
    /// <param name="strict">Whether everything is quantized at the given bits, see the table.</param>
    /// <param name="ranges">How fixed ranges are estimated; null for <see cref="RangeChoices.Preset"/>.</param>
    /// <exception cref="ArgumentException">The name is not of the form WxAy, a number of bits is not 2 to 8 or 16, or nothing would be quantized.</exception>
    public static QuantizationScheme Parse(string name, bool strict = false, RangeChoices? ranges = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        return TryParse(name, strict, ranges, out QuantizationScheme? scheme, out string? problem)
            ? scheme
            : throw new ArgumentException(problem, nameof(name));
    }

    /// <summary>Makes the scheme of a name, or says why there is none.</summary>
    /// <param name="name">Such as "W4A8"; upper or lower case.</param>
    /// <param name="strict">Whether everything is quantized at the given bits, see the table.</param>
    /// <param name="ranges">How fixed ranges are estimated; null for <see cref="RangeChoices.Preset"/>.</param>
    /// <param name="scheme">The scheme.</param>
    /// <param name="problem">What is wrong with the name, and which names are known.</param>
    public static bool TryParse(
        string name,
        bool strict,
        RangeChoices? ranges,
        [NotNullWhen(true)] out QuantizationScheme? scheme,
        [NotNullWhen(false)] out string? problem)
    {
        Match match = SchemeName().Match(name);
        int weightBits = match.Success ? int.Parse(match.Groups["weights"].ValueSpan, CultureInfo.InvariantCulture) : 0;
        int inputBits = match.Success ? int.Parse(match.Groups["inputs"].ValueSpan, CultureInfo.InvariantCulture) : 0;
        string? why = !match.Success ? "expected W, weight bits, A, activation bits"
            : !IsKnown(weightBits) || !IsKnown(inputBits) ? "expected bits of 2 to 8, or 16 for float"
            : weightBits == FloatBits && inputBits == FloatBits ? "it quantizes nothing"
            : null;
        problem = why is null
            ? null
            : $"scheme '{name}' is not known: {why}; use {string.Join(", ", Names)}, or WxAy with x and y of 2 to 8 or 16";
        scheme = why is null ? Make(weightBits, inputBits, strict, ranges ?? RangeChoices.Preset) : null;
        return why is null;
    }

    private static QuantizationScheme Make(int weightBits, int inputBits, bool strict, RangeChoices ranges)
    {
        bool few = weightBits <= FewBits;
        QuantizationArgs? wide = Weights(weightBits, grouped: few && !strict, ranges);
        QuantizationArgs? narrow = Weights(few && !strict ? SafeBits : weightBits, grouped: false, ranges);
        QuantizationArgs? safe = Weights(strict || weightBits == FloatBits ? weightBits : SafeBits, grouped: false, ranges);
        QuantizationArgs? input = Static(inputBits, ranges.Inputs, ranges);
        QuantizationArgs? safeInput = Static(strict ? inputBits : Math.Max(inputBits, SafeBits), ranges.Inputs, ranges);
        var modules = new Dictionary<string, ModuleScheme>
        {
            [InProjModule] = new(wide, input),
            [ConvModule] = new(safe, safeInput),
            [XProjModule] = new(narrow, input),
            [DtProjModule] = new(narrow, input),
            [OutProjModule] = new(wide, input),
            [HeadModule] = new(safe, safeInput),
            [EmbeddingsModule] = new(safe, null),
        };
        int scanBits = inputBits == FloatBits ? FloatBits : SafeBits;
        return new QuantizationScheme
        {
            Name = $"W{weightBits}A{inputBits}",
            Modules = modules.Where(module => module.Value != new ModuleScheme(null, null))
                .ToImmutableSortedDictionary(StringComparer.Ordinal),
            ScanState = Static(scanBits, ranges.ScanState, ranges) is { } state ? state with { Strategy = QuantizationStrategy.Channel } : null,
            ScanOutput = Static(scanBits, ranges.ScanOutput, ranges),
        };
    }

    private static QuantizationArgs? Weights(int bits, bool grouped, RangeChoices ranges) => bits == FloatBits ? null : new()
    {
        Bits = bits,
        Strategy = grouped ? QuantizationStrategy.Group : QuantizationStrategy.Channel,
        GroupSize = grouped ? DefaultGroupSize : 0,
        Range = ranges.Weights,
        Percentile = ranges.Percentile,
    };

    private static QuantizationArgs? Static(int bits, RangeEstimator range, RangeChoices ranges) => bits == FloatBits ? null : new()
    {
        Bits = bits,
        Strategy = QuantizationStrategy.Tensor,
        Range = range,
        Percentile = ranges.Percentile,
    };

    private static bool IsKnown(int bits) => bits is >= 2 and <= 8 or FloatBits;

    [GeneratedRegex("^[Ww](?<weights>[0-9]{1,2})[Aa](?<inputs>[0-9]{1,2})$")]
    private static partial Regex SchemeName();
}
