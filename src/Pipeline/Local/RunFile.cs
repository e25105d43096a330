using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace MambaQuant.Pipeline.Local;

/// <summary>run.json: when, where and how long; the one file of a checkpoint that differs between equal runs.</summary>
internal static class RunFile
{
    private static readonly JsonWriterOptions Indented = new() { Indented = true, NewLine = "\n" };

    /// <summary>The text of the file.</summary>
    /// <param name="options">What was asked for.</param>
    /// <param name="durations">Wall time per stage.</param>
    /// <param name="time">The clock.</param>
    public static string Write(QuantizeOptions options, IReadOnlyList<StageDuration> durations, TimeProvider time)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, Indented))
        {
            json.WriteStartObject();
            json.WriteString("finished", time.GetUtcNow());
            json.WriteString("host", Environment.MachineName);
            json.WriteString("os", RuntimeInformation.OSDescription);
            json.WriteNumber("processors", Environment.ProcessorCount);
            json.WriteNumber("workers", options.Workers);
            json.WriteString("model", Path.GetFullPath(options.ModelPath));
            json.WriteString("calibration", options.Calibration.Source);
            json.WriteNumber("peakResidentBytes", PeakMemory.ResidentBytes());
            json.WriteStartObject("seconds");
            foreach (StageDuration duration in durations)
            {
                json.WriteNumber(duration.Stage, Math.Round(duration.Elapsed.TotalSeconds, 3, MidpointRounding.ToEven));
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray()) + "\n";
    }
}
