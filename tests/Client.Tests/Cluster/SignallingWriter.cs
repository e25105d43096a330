using System.Text;

namespace MambaQuant.Client.Tests.Cluster;

/// <summary>Keeps what is written, and gives a signal when a line holds a text.</summary>
/// <param name="text">The text.</param>
/// <param name="signal">Called once or more.</param>
internal sealed class SignallingWriter(string text, Action signal) : TextWriter
{
    private readonly StringBuilder _all = new();
    private int _lineBegan;

    /// <inheritdoc/>
    public override Encoding Encoding => Encoding.UTF8;

    /// <inheritdoc/>
    public override void Write(char value)
    {
        _all.Append(value);
        if (value == '\n')
        {
            bool holds = _all.ToString(_lineBegan, _all.Length - _lineBegan).Contains(text, StringComparison.Ordinal);
            _lineBegan = _all.Length;
            if (holds)
            {
                signal();
            }
        }
    }

    /// <inheritdoc/>
    public override string ToString() => _all.ToString();
}
