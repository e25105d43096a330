using MambaQuant.Quant.Tokenization;

namespace MambaQuant.Quant.Datasets;

/// <summary>Draws the sequences of a calibration from a text.</summary>
public static class CalibrationSampler
{
    /// <summary>Turns a text into one stream of token ids: its documents in order, with nothing between them.</summary>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="text">The text.</param>
    /// <returns>The ids.</returns>
    public static int[] Tokenize(BytePairTokenizer tokenizer, TextFile text)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(text);
        return [.. text.Documents.SelectMany(tokenizer.Encode)];
    }

    /// <summary>Draws windows of a token stream at random, none overlapping another.</summary>
    /// <param name="tokens">The stream.</param>
    /// <param name="samples">The number of windows, at least 1.</param>
    /// <param name="sequenceLength">The tokens of each, at least 1.</param>
    /// <param name="seed">Fixes the choice.</param>
    /// <param name="source">The name of the text, without a path; it goes into the set and into messages.</param>
    /// <returns>The windows, in random order.</returns>
    /// <remarks>
    /// Every way to place the windows in the stream is equally likely. Random order, so that any part of the set, such as the half
    /// that ranges are taken from, is spread over the text. Determinism: the ids depend on stream, numbers and seed only.
    /// </remarks>
    /// <exception cref="InsufficientTextException">The stream is too short for so many windows without overlap.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number is below 1.</exception>
    public static CalibrationSet Sample(ReadOnlySpan<int> tokens, int samples, int sequenceLength, ulong seed, string source)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(samples, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(sequenceLength, 1);
        if ((long)samples * sequenceLength > tokens.Length)
        {
            throw new InsufficientTextException(source, samples, sequenceLength, tokens.Length);
        }

        // Windows that do not overlap are as many points among those left when each window is shrunk to one token.
        var random = new SeededRandom(seed);
        int[] points = ChooseDistinct(random, samples, tokens.Length - (samples * (sequenceLength - 1)));
        Array.Sort(points);
        var sequences = new int[samples][];
        for (int i = 0; i < samples; i++)
        {
            sequences[i] = tokens.Slice(points[i] + (i * (sequenceLength - 1)), sequenceLength).ToArray();
        }

        random.Shuffle(sequences.AsSpan());
        return new CalibrationSet(sequences, source);
    }

    // Floyd's way to choose: no number is drawn in vain, however many of them are asked for.
    private static int[] ChooseDistinct(SeededRandom random, int count, int bound)
    {
        var chosen = new HashSet<int>();
        for (int largest = bound - count; largest < bound; largest++)
        {
            int candidate = random.NextInt(largest + 1);
            chosen.Add(chosen.Contains(candidate) ? largest : candidate);
        }

        return [.. chosen];
    }
}
