namespace MambaQuant.Grains.Contracts;

/// <summary>Something that people should know of a job.</summary>
/// <param name="Number">Its number, from 1; grows while one silo drives the job, and begins anew with the next.</param>
/// <param name="Text">What.</param>
[GenerateSerializer, Immutable, Alias("mq.JobNotice")]
public sealed record JobNotice([property: Id(0)] long Number, [property: Id(1)] string Text)
{
    /// <summary>What kind of thing happened: a value of <see cref="Pipeline.Driving.NoticeKind"/>.</summary>
    [Id(2)]
    public int Kind { get; init; }

    /// <summary>When, in milliseconds since 1970 (UTC); 0 where not known.</summary>
    [Id(3)]
    public long At { get; init; }
}
