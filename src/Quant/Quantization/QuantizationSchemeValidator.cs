using System.Collections.Immutable;
using MambaQuant.Quant.Models;

namespace MambaQuant.Quant.Quantization;

/// <summary>Says what is wrong with a scheme, all at once.</summary>
public static class QuantizationSchemeValidator
{
    private const int LargestGroup = 1 << 20;

    /// <summary>Finds everything that cannot be quantized as asked.</summary>
    /// <param name="scheme">The scheme.</param>
    /// <returns>One sentence a problem, in the order of the scheme; empty where it is sound.</returns>
    public static ImmutableArray<string> Problems(QuantizationScheme scheme)
    {
        ArgumentNullException.ThrowIfNull(scheme);
        List<string> problems = [];
        foreach ((string module, ModuleScheme args) in scheme.Modules)
        {
            if (args.Weights is null && args.Input is null)
            {
                problems.Add($"{module}: neither weights nor input are quantized; leave the module out");
            }

            CheckWeights(module, args.Weights, problems);
            CheckInput(module, args.Input, problems);
        }

        if (scheme.Modules.Count == 0)
        {
            problems.Add("no module is quantized");
        }

        CheckScan(scheme, problems);
        return [.. problems];
    }

    /// <summary>Refuses a scheme that has problems.</summary>
    /// <param name="scheme">The scheme.</param>
    /// <exception cref="ArgumentException">The scheme has problems; the message names all of them.</exception>
    public static void ThrowIfInvalid(QuantizationScheme scheme)
    {
        ImmutableArray<string> problems = Problems(scheme);
        if (!problems.IsEmpty)
        {
            throw new ArgumentException($"scheme {scheme.Name}: {string.Join("; ", problems)}", nameof(scheme));
        }
    }

    private static void CheckWeights(string module, QuantizationArgs? args, List<string> problems)
    {
        if (args is null)
        {
            return;
        }

        string what = $"{module} weights";
        CheckValues(what, args, problems);
        if (args.Dynamic)
        {
            problems.Add($"{what}: weights cannot be dynamic");
        }

        if (args.Strategy == QuantizationStrategy.Token)
        {
            problems.Add($"{what}: strategy must be tensor, channel or group, not token");
        }

        if (module is MambaFamily.EmbeddingsModule or MambaFamily.HeadModule && args.Strategy == QuantizationStrategy.Tensor)
        {
            problems.Add($"{what}: large tables are quantized in chunks of rows; strategy must be channel or group, not tensor");
        }

        if (module == MambaFamily.ConvModule && args.Strategy == QuantizationStrategy.Group)
        {
            problems.Add($"{what}: a channel has only a few taps; strategy must be channel or tensor, not group");
        }
    }

    private static void CheckInput(string module, QuantizationArgs? args, List<string> problems)
    {
        if (args is null)
        {
            return;
        }

        string what = $"{module} input";
        CheckValues(what, args, problems);
        if (module == MambaFamily.EmbeddingsModule)
        {
            problems.Add($"{what}: the input of the embeddings is token ids; leave it out");
        }

        CheckActivation(what, args, QuantizationStrategy.Tensor, problems);
    }

    private static void CheckScan(QuantizationScheme scheme, List<string> problems)
    {
        if (scheme.ScanState is null != (scheme.ScanOutput is null))
        {
            problems.Add("scan_state and scan_output: both or neither are quantized, they are the two operands of one product");
        }

        if (scheme.ScanState is { } state)
        {
            CheckValues("scan_state", state, problems);
            CheckActivation("scan_state", state, QuantizationStrategy.Channel, problems);
            CheckSymmetric("scan_state", state, problems);
        }

        if (scheme.ScanOutput is { } output)
        {
            CheckValues("scan_output", output, problems);
            CheckActivation("scan_output", output, QuantizationStrategy.Tensor, problems);
            CheckSymmetric("scan_output", output, problems);
        }
    }

    private static void CheckSymmetric(string what, QuantizationArgs args, List<string> problems)
    {
        if (!args.Symmetric)
        {
            problems.Add($"{what}: must be symmetric, so that the product over the states needs no correction");
        }
    }

    private static void CheckActivation(string what, QuantizationArgs args, QuantizationStrategy fixedStrategy, List<string> problems)
    {
        QuantizationStrategy wanted = args.Dynamic ? QuantizationStrategy.Token : fixedStrategy;
        if (args.Strategy != wanted)
        {
            problems.Add(
                $"{what}: {args.Strategy.Name()} {(args.Dynamic ? "dynamic" : "static")} is not possible; "
                + $"use {fixedStrategy.Name()} static or token dynamic");
        }
    }

    private static void CheckValues(string what, QuantizationArgs args, List<string> problems)
    {
        if (args.Bits is < 2 or > 8)
        {
            problems.Add($"{what}: bits must be 2 to 8, not {args.Bits}");
        }

        if (args.Strategy == QuantizationStrategy.Group && args.GroupSize is < 2 or > LargestGroup)
        {
            problems.Add($"{what}: group_size must be 2 to {LargestGroup} with strategy group, not {args.GroupSize}");
        }

        if (args.Strategy != QuantizationStrategy.Group && args.GroupSize != 0)
        {
            problems.Add($"{what}: group_size {args.GroupSize} has no meaning with strategy {args.Strategy.Name()}");
        }

        if (!(args.Percentile is > 0.5 and <= 1))
        {
            problems.Add($"{what}: percentile must be above 0.5 and at most 1, not {args.Percentile}");
        }
    }
}
