namespace MambaQuant.Pipeline.Scheduling;

/// <summary>An item's line of a snapshot; what is not there has the value of an item that nothing has happened to.</summary>
internal sealed record SnapshotItem
{
    public required ItemStatus Status { get; init; }

    public int? Missing { get; init; }

    public int? Attempt { get; init; }

    public int? Failures { get; init; }

    public int? Deaths { get; init; }

    public long? LastDeath { get; init; }

    public int? Losses { get; init; }

    public int? Checkpoint { get; init; }

    public long? Due { get; init; }

    public string? Checksum { get; init; }

    public int? Maker { get; init; }

    public int? Holder { get; init; }

    public int? Twin { get; init; }

    public static SnapshotItem Of(ItemState item)
    {
        var blank = new ItemState();
        return new SnapshotItem
        {
            Status = item.Status,
            Missing = Unless(item.Missing, blank.Missing),
            Attempt = Unless(item.Attempt, blank.Attempt),
            Failures = Unless(item.Failures, blank.Failures),
            Deaths = Unless(item.Deaths, blank.Deaths),
            LastDeath = Unless(item.LastDeath, blank.LastDeath),
            Losses = Unless(item.Losses, blank.Losses),
            Checkpoint = Unless(item.Checkpoint, blank.Checkpoint),
            Due = Unless(item.Due, blank.Due),
            Checksum = item.Checksum,
            Maker = Unless(item.Maker, blank.Maker),
            Holder = Unless(item.Holder, blank.Holder),
            Twin = Unless(item.Twin, blank.Twin),
        };
    }

    public ItemState ToItem()
    {
        var blank = new ItemState();
        return blank with
        {
            Status = Status,
            Missing = Missing ?? blank.Missing,
            Attempt = Attempt ?? blank.Attempt,
            Failures = Failures ?? blank.Failures,
            Deaths = Deaths ?? blank.Deaths,
            LastDeath = LastDeath ?? blank.LastDeath,
            Losses = Losses ?? blank.Losses,
            Checkpoint = Checkpoint ?? blank.Checkpoint,
            Due = Due ?? blank.Due,
            Checksum = Checksum,
            Maker = Maker ?? blank.Maker,
            Holder = Holder ?? blank.Holder,
            Twin = Twin ?? blank.Twin,
        };
    }

    private static T? Unless<T>(T value, T blank)
        where T : struct => EqualityComparer<T>.Default.Equals(value, blank) ? null : value;
}
