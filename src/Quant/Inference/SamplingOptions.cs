namespace MambaQuant.Quant.Inference;

/// <summary>How the next token is chosen from its logits.</summary>
public sealed record SamplingOptions
{
    /// <summary>Divides the logits.</summary>
    /// <value>1 by default; 0 always takes the most likely token (the first of equals); finite, at least 0.</value>
    public double Temperature { get; init; } = 1;

    /// <summary>How many of the most likely tokens may be chosen.</summary>
    /// <value>0 by default: all.</value>
    public int TopK { get; init; }

    /// <summary>The share of probability that the tokens to choose from must cover, the most likely first.</summary>
    /// <value>1 by default: all; above 0, at most 1. Applied after <see cref="TopK"/>.</value>
    public double TopP { get; init; } = 1;

    /// <summary>Refuses values out of range.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of range.</exception>
    internal void ThrowIfInvalid()
    {
        if (!(double.IsFinite(Temperature) && Temperature >= 0))
        {
            throw new ArgumentOutOfRangeException(nameof(Temperature), Temperature, "the temperature must be finite and at least 0");
        }

        ArgumentOutOfRangeException.ThrowIfNegative(TopK, nameof(TopK));
        if (!(TopP is > 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(TopP), TopP, "top-p must be above 0 and at most 1");
        }
    }
}
