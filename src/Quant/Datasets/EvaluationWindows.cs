namespace MambaQuant.Quant.Datasets;

/// <summary>Cuts a token stream into the windows of a perplexity.</summary>
public static class EvaluationWindows
{
    /// <summary>Cuts a stream into windows that follow each other without overlap; the last may be shorter.</summary>
    /// <param name="tokens">The stream.</param>
    /// <param name="windowLength">The tokens of a window, at least 2.</param>
    /// <returns>The windows, in order; they cover the stream and share its memory.</returns>
    /// <remarks>
    /// The model's state is reset for each window and all its tokens but the first are scored: n tokens in w windows give n - w
    /// scores. A last window of one token scores nothing.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">The length is below 2: nothing could be scored.</exception>
    public static IReadOnlyList<ReadOnlyMemory<int>> Cut(ReadOnlyMemory<int> tokens, int windowLength)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(windowLength, 2);
        var windows = new List<ReadOnlyMemory<int>>();
        for (long start = 0; start < tokens.Length; start += windowLength)
        {
            windows.Add(tokens.Slice((int)start, (int)Math.Min(windowLength, tokens.Length - start)));
        }

        return windows;
    }
}
