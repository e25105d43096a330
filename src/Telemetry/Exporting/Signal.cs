namespace MambaQuant.Telemetry.Exporting;

/// <summary>What is sent.</summary>
internal enum Signal
{
    /// <summary>Numbers.</summary>
    Metrics,

    /// <summary>Spans.</summary>
    Traces,

    /// <summary>Log records.</summary>
    Logs,
}
