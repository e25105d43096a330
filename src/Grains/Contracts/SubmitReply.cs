namespace MambaQuant.Grains.Contracts;

/// <summary>Whether the cluster takes a job.</summary>
[GenerateSerializer, Immutable, Alias("mq.SubmitReply")]
public sealed record SubmitReply
{
    /// <summary>Whether it does.</summary>
    [Id(0)]
    public required bool IsAccepted { get; init; }

    /// <summary>Why not, for people; empty where it does.</summary>
    [Id(1)]
    public string Cause { get; init; } = string.Empty;

    /// <summary>The store as the silos describe it, for people.</summary>
    [Id(2)]
    public string Store { get; init; } = string.Empty;

    /// <summary>The order that the job's request has in the silos' store, in milliseconds since 1970: another than the client reads there means that the stores are two.</summary>
    [Id(3)]
    public long Order { get; init; }
}
