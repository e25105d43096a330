using System.Collections.Immutable;

namespace MambaQuant.Quant.Quantization;

/// <summary>The words for strategies: one list for recipes, checkpoints, reports and messages.</summary>
public static class QuantizationStrategies
{
    /// <summary>Every strategy with its word, those of compressed-tensors.</summary>
    public static ImmutableArray<(QuantizationStrategy Strategy, string Name)> Names { get; } =
    [
        (QuantizationStrategy.Tensor, "tensor"),
        (QuantizationStrategy.Channel, "channel"),
        (QuantizationStrategy.Group, "group"),
        (QuantizationStrategy.Token, "token"),
    ];

    /// <summary>The word for a strategy.</summary>
    /// <param name="strategy">The strategy.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is not one of them.</exception>
    public static string Name(this QuantizationStrategy strategy)
    {
        foreach ((QuantizationStrategy known, string name) in Names)
        {
            if (known == strategy)
            {
                return name;
            }
        }

        throw new ArgumentOutOfRangeException(nameof(strategy), strategy, "not a known strategy");
    }
}
