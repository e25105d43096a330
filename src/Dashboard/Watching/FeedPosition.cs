using System.Globalization;

namespace MambaQuant.Dashboard.Watching;

/// <summary>How far a page has read a feed: what it names when it comes back after a reload or a lost connection.</summary>
/// <param name="Epoch">Which feed it read: another one, say of a process begun anew, counts from its own beginning.</param>
/// <param name="Sequence">The last change that it has; 0 for none.</param>
internal readonly record struct FeedPosition(string Epoch, long Sequence)
{
    /// <summary>Nothing read yet.</summary>
    public static FeedPosition Start { get; } = new(string.Empty, 0);

    /// <summary>Reads the text of one.</summary>
    /// <param name="text">What a page sent; anything.</param>
    /// <returns><see cref="Start"/> where the text is none: the page then gets everything.</returns>
    public static FeedPosition Parse(string? text) =>
        text?.LastIndexOf('-') is > 0 and int dash && long.TryParse(text.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out long sequence)
            ? new FeedPosition(text[..dash], sequence)
            : Start;

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Epoch}-{Sequence}");
}
