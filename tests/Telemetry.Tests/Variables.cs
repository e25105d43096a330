namespace MambaQuant.Telemetry.Tests;

/// <summary>Environment variables and a session over them.</summary>
internal static class Variables
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Options of a session that waits for a collector on a busy machine.</summary>
    /// <param name="told">Gets what is told.</param>
    /// <param name="variables">Names and values.</param>
    public static TelemetryOptions Options(List<string> told, params (string Name, string Value)[] variables) => new()
    {
        Service = "mambaquant",
        Instance = "here",
        ToClose = Patience,
        Environment = name => variables.FirstOrDefault(variable => variable.Name == name).Value,
        Tell = line =>
        {
            lock (told)
            {
                told.Add(line);
            }
        },
    };
}
