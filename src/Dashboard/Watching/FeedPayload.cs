namespace MambaQuant.Dashboard.Watching;

/// <summary>What a page is sent to stand where the feed stands.</summary>
/// <param name="Event">Name of the event: "job" for everything, "change" for what is new.</param>
/// <param name="Position">Where the page stands with it.</param>
/// <param name="Json">The content, one line of UTF-8; shared by all pages, not to be written to.</param>
internal sealed record FeedPayload(string Event, FeedPosition Position, ReadOnlyMemory<byte> Json);
