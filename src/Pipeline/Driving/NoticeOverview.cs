namespace MambaQuant.Pipeline.Driving;

/// <summary>Something that people should know of a job.</summary>
/// <param name="Number">Its number, from 1; grows while one owner drives the job, and begins anew with the next.</param>
/// <param name="Kind">What kind of thing happened.</param>
/// <param name="At">When, in milliseconds since 1970 (UTC).</param>
/// <param name="Text">What.</param>
public sealed record NoticeOverview(long Number, NoticeKind Kind, long At, string Text);
