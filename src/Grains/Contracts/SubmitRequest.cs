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

    /// <summary>The round that this submission wants, as the client read it before its first try: one behind the round that has ended, or the one that goes on.</summary>
    /// <value>Null by default: one behind whatever has ended by now; a try that is repeated after its answer was lost may then ask for one round more.</value>
    [Id(2)]
    public int? Round { get; init; }
}
