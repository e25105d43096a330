namespace MambaQuant.Telemetry.Tests;

/// <summary>Environment variables and a session over them.</summary>
internal static class Variables
{
    /// <summary>Options of a session.</summary>
    /// <param name="told">Gets what is told.</param>
    /// <param name="variables">Names and values.</param>
    public static TelemetryOptions Options(List<string> told, params (string Name, string Value)[] variables) => new()
    {
        Service = "mambaquant",
        Instance = "here",
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
