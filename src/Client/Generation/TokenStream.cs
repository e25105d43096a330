using System.Text;
using MambaQuant.Quant.Tokenization;

namespace MambaQuant.Client.Generation;

/// <summary>Writes a text as its tokens arrive.</summary>
/// <param name="tokenizer">The model's tokenizer.</param>
/// <param name="output">Where the text goes.</param>
internal sealed class TokenStream(BytePairTokenizer tokenizer, TextWriter output)
{
    private readonly StreamingDecoder _decoder = tokenizer.CreateStreamingDecoder();
    private readonly StringBuilder _text = new();

    /// <summary>What was made so far, without the prompt.</summary>
    public string Text => _text.ToString();

    /// <summary>Writes the prompt.</summary>
    /// <param name="prompt">The prompt.</param>
    public void Begin(string prompt)
    {
        output.Write(prompt);
        output.Flush();
    }

    /// <summary>Takes the next token; a character is written once all its bytes are there.</summary>
    /// <param name="token">Its id.</param>
    public void Append(int token) => Write(_decoder.Append(token));

    /// <summary>Ends the text and the line.</summary>
    public void End()
    {
        Write(_decoder.Finish());
        output.WriteLine();
        output.Flush();
    }

    private void Write(string text)
    {
        _text.Append(text);
        output.Write(text);
        output.Flush();
    }
}
