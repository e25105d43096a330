namespace MambaQuant.Telemetry;

/// <summary>Who sends telemetry.</summary>
public sealed record TelemetryOptions
{
    /// <summary>Name of the program, where OTEL_SERVICE_NAME names no other: "mambaquant" or "mambaquant-silo".</summary>
    public required string Service { get; init; }

    /// <summary>Name of this process among those of the program: the name of a silo; machine and process of a client.</summary>
    public required string Instance { get; init; }

    /// <summary>Values of environment variables.</summary>
    public required Func<string, string?> Environment { get; init; }

    /// <summary>Hears what people should know: variables that make no sense, what did not get through.</summary>
    public required Action<string> Tell { get; init; }

    /// <summary>Whether the first failure to send is told when it happens; otherwise all are told at the end.</summary>
    /// <value>True by default.</value>
    public bool TellsAtOnce { get; init; } = true;

    /// <summary>How long the end of the program may wait for what is not sent yet.</summary>
    /// <value>2 s by default.</value>
    public TimeSpan ToClose { get; init; } = TimeSpan.FromSeconds(2);
}
