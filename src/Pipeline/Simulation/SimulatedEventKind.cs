namespace MambaQuant.Pipeline.Simulation;

/// <summary>What happens at a simulated moment.</summary>
internal enum SimulatedEventKind
{
    /// <summary>A worker has read its inputs.</summary>
    InputsRead,

    /// <summary>A worker has computed.</summary>
    Computed,

    /// <summary>A worker has written its outputs.</summary>
    OutputsWritten,

    /// <summary>A worker renews its lease.</summary>
    Heartbeat,

    /// <summary>The scheduler's tick.</summary>
    Tick,

    /// <summary>A node dies.</summary>
    NodeDies,

    /// <summary>A node is known to be dead.</summary>
    NodeIsMissed,

    /// <summary>A dead node's successor joins.</summary>
    NodeJoins,
}
