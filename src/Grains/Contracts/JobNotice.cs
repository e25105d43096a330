namespace MambaQuant.Grains.Contracts;

/// <summary>Something that people should know of a job.</summary>
/// <param name="Number">Its number, from 1; grows while one silo drives the job, and begins anew with the next.</param>
/// <param name="Text">What.</param>
[GenerateSerializer, Immutable, Alias("mq.JobNotice")]
public sealed record JobNotice([property: Id(0)] long Number, [property: Id(1)] string Text);
