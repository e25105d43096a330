using MambaQuant.Quant.Quantization;

namespace MambaQuant.Client.Inspection;

/// <summary>How something is quantized, in a few words.</summary>
internal static class QuantizationText
{
    /// <summary>Such as "int4 group 128", "int8 tensor static", "int8 token dynamic asymmetric".</summary>
    /// <param name="args">How; null for float.</param>
    /// <param name="isWeight">Weights are never dynamic, so nothing is said of it.</param>
    public static string Of(QuantizationArgs? args, bool isWeight)
    {
        if (args is null)
        {
            return "float";
        }

        string strategy = args.Strategy == QuantizationStrategy.Group ? $"group {args.GroupSize}" : args.Strategy.Name();
        string time = isWeight ? "" : args.Dynamic ? " dynamic" : " static";
        return $"int{args.Bits} {strategy}{time}{(args.Symmetric ? "" : " asymmetric")}";
    }
}
