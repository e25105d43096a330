using System.Text;

namespace MambaQuant.Quant.Tokenization;

/// <summary>Turns ids that arrive one by one into text, holding back characters whose bytes are not all there yet.</summary>
/// <remarks>All that it gives, one after the other, is what <see cref="BytePairTokenizer.Decode"/> gives for all ids. Not thread-safe.</remarks>
public sealed class StreamingDecoder
{
    private readonly BytePairTokenizer _tokenizer;
    private readonly bool _skipSpecial;
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();

    internal StreamingDecoder(BytePairTokenizer tokenizer, bool skipSpecial)
    {
        _tokenizer = tokenizer;
        _skipSpecial = skipSpecial;
    }

    /// <summary>Takes the next id.</summary>
    /// <param name="id">A token id.</param>
    /// <returns>The text that is complete now; empty while a character's bytes are still missing.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The id is no token's.</exception>
    public string Append(int id) => Convert(_tokenizer.BytesOf(id, _skipSpecial), flush: false);

    /// <summary>Ends the text.</summary>
    /// <returns>U+FFFD for a character that was never completed; else nothing.</returns>
    public string Finish() => Convert([], flush: true);

    private string Convert(ReadOnlySpan<byte> bytes, bool flush)
    {
        var characters = new char[_decoder.GetCharCount(bytes, flush)];
        int count = _decoder.GetChars(bytes, characters, flush);
        return new string(characters, 0, count);
    }
}
