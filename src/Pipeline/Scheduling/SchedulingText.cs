using System.Text.Json;
using MambaQuant.Pipeline.Scheduling.Inputs;
using MambaQuant.Pipeline.Scheduling.Outputs;

namespace MambaQuant.Pipeline.Scheduling;

/// <summary>Writes inputs and outputs as one line of JSON each, and reads them back.</summary>
public static class SchedulingText
{
    /// <summary>An input as a line of JSON without its end.</summary>
    /// <param name="input">The input; a submitted job goes without its graph.</param>
    public static string Write(SchedulerInput input) => JsonSerializer.Serialize(input, SchedulingJsonContext.Default.SchedulerInput);

    /// <summary>An output as a line of JSON without its end.</summary>
    /// <param name="output">The output.</param>
    public static string Write(SchedulerOutput output) => JsonSerializer.Serialize(output, SchedulingJsonContext.Default.SchedulerOutput);

    /// <summary>Reads an input.</summary>
    /// <param name="line">One line of JSON.</param>
    /// <exception cref="JsonException">The line is no input.</exception>
    public static SchedulerInput ReadInput(string line) =>
        JsonSerializer.Deserialize(line, SchedulingJsonContext.Default.SchedulerInput) ?? throw new JsonException("found null, expected an input");

    /// <summary>Reads an output.</summary>
    /// <param name="line">One line of JSON.</param>
    /// <exception cref="JsonException">The line is no output.</exception>
    public static SchedulerOutput ReadOutput(string line) =>
        JsonSerializer.Deserialize(line, SchedulingJsonContext.Default.SchedulerOutput) ?? throw new JsonException("found null, expected an output");
}
