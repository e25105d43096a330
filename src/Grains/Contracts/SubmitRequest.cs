namespace MambaQuant.Grains.Contracts;

/// <summary>A job to be run, whose plan and request lie in the store.</summary>
[GenerateSerializer, Immutable, Alias("mq.SubmitRequest")]
public sealed record SubmitRequest
{
    /// <summary>Identity of the job.</summary>
    [Id(0)]
    public required string Job { get; init; }

    /// <summary>The store as the client describes it, for people.</summary>
    [Id(1)]
    public required string Store { get; init; }
}
