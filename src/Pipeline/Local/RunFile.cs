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
    /// <param name="workers">Workers that ran at once.</param>
    /// <param name="durations">Wall time per stage.</param>
    /// <param name="counts">What the job took.</param>
    /// <param name="time">The clock.</param>
    public static string Write(
        QuantizeOptions options, int workers, IReadOnlyList<StageDuration> durations, JobCounts counts, TimeProvider time)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, Indented))
        {
            json.WriteStartObject();
            json.WriteString("finished", time.GetUtcNow());
            json.WriteString("host", Environment.MachineName);
            json.WriteString("program", $"MambaQuant.Distributed {typeof(RunFile).Assembly.GetName().Version!.ToString(3)}");
            json.WriteString("runtime", RuntimeInformation.FrameworkDescription);
            json.WriteString("os", RuntimeInformation.OSDescription);
            json.WriteNumber("processors", Environment.ProcessorCount);
            json.WriteNumber("workers", workers);
            json.WriteString("model", Path.GetFullPath(options.ModelPath));
            json.WriteString("calibration", options.Calibration.Source);
            json.WriteNumber("peakResidentBytes", PeakMemory.ResidentBytes());
            json.WriteStartObject("items");
            json.WriteNumber("made", counts.Made);
            json.WriteNumber("reused", counts.Reused);
            json.WriteNumber("repeated", counts.Repeated);
            json.WriteEndObject();
            json.WriteStartArray("damaged");
            foreach (string damaged in counts.Damaged)
            {
                json.WriteStringValue(damaged);
            }

            json.WriteEndArray();
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
