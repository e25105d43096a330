namespace MambaQuant.Storage.Tests.Running;

/// <summary>What a <see cref="FaultProxy"/> does to a connection.</summary>
internal enum FaultKind
{
    /// <summary>Breaks it off.</summary>
    Cut,

    /// <summary>Alters a byte in the middle of a body.</summary>
    Alter,

    /// <summary>Lets nothing through any more, and keeps it open.</summary>
    Stall,
}
