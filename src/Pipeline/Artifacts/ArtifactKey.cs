namespace MambaQuant.Pipeline.Artifacts;

/// <summary>The content key of a work item: a SHA-256 over everything that can change one byte of what the item makes.</summary>
/// <remarks>Two items with the same key make the same bytes, whoever runs them and when.</remarks>
public readonly record struct ArtifactKey
{
    /// <summary>Digits of a key.</summary>
    public const int Length = 64;

    /// <summary>Takes a key from its text.</summary>
    /// <param name="text">64 lower-case hexadecimal digits.</param>
    /// <exception cref="ArgumentException">The text is anything else.</exception>
    public ArtifactKey(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length != Length || !text.All(char.IsAsciiHexDigitLower))
        {
            throw new ArgumentException($"an artifact key has {Length} lower-case hexadecimal digits, found '{text}'", nameof(text));
        }

        Text = text;
    }

    /// <summary>The 64 digits.</summary>
    public string Text { get; }

    /// <inheritdoc/>
    public override string ToString() => Text;
}
