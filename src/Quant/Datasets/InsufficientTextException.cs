namespace MambaQuant.Quant.Datasets;

/// <summary>A text has fewer tokens than the samples asked of it need.</summary>
public sealed class InsufficientTextException : Exception
{
    /// <summary>Makes an exception without a message; prefer the one with numbers.</summary>
    public InsufficientTextException()
    {
    }

    /// <summary>Makes an exception with a message of its own.</summary>
    /// <param name="message">What is needed, what there is, which option to change.</param>
    public InsufficientTextException(string message)
        : base(message)
    {
    }

    /// <summary>Makes an exception with an underlying failure.</summary>
    /// <param name="message">What is needed, what there is, which option to change.</param>
    /// <param name="innerException">The failure underneath.</param>
    public InsufficientTextException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Makes the exception for a number of sequences of one length.</summary>
    /// <param name="source">The name of the text.</param>
    /// <param name="samples">The sequences asked for.</param>
    /// <param name="sequenceLength">The tokens of each.</param>
    /// <param name="available">The tokens that the text has.</param>
    public InsufficientTextException(string source, int samples, int sequenceLength, long available)
        : base(
            $"'{source}' is too short: {samples} sequences of {sequenceLength} tokens need {(long)samples * sequenceLength} tokens, it has {available}."
            + $" {Advice(available / Math.Max(1, sequenceLength))} shorter ones with --seq-len, or give a longer text.")
    {
        NeededTokens = (long)samples * sequenceLength;
        AvailableTokens = available;
    }

    /// <summary>The tokens that the request needs.</summary>
    public long NeededTokens { get; }

    /// <summary>The tokens that the text has.</summary>
    public long AvailableTokens { get; }

    private static string Advice(long fitting) => fitting > 0 ? $"Ask for at most {fitting} with --samples, for" : "Not one fits: ask for";
}
