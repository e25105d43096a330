using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using MambaQuant.Pipeline.Execution;

namespace MambaQuant.Pipeline.Local;

/// <summary>run.json: when, where and how long; the one file of a checkpoint that differs between equal runs.</summary>
public static class RunFile
{
    private static readonly JsonWriterOptions Indented = new() { Indented = true, NewLine = "\n" };

    /// <summary>The text of the file.</summary>
    /// <param name="facts">What is told of the run.</param>
    /// <param name="time">The clock.</param>
    public static string Write(RunFacts facts, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(facts);
        ArgumentNullException.ThrowIfNull(time);
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
            json.WriteNumber("workers", facts.Workers);
            json.WriteString("model", facts.Model);
            json.WriteString("calibration", facts.Calibration);
            if (facts.Job is { } job)
            {
                json.WriteString(CheckpointDownload.JobField, job);
                json.WriteString("store", facts.Store);
            }

            json.WriteNumber("peakResidentBytes", PeakMemory.ResidentBytes());
            json.WriteStartObject("items");
            json.WriteNumber("made", facts.Counts.Made);
            json.WriteNumber("reused", facts.Counts.Reused);
            json.WriteNumber("repeated", facts.Counts.Repeated);
            json.WriteEndObject();
            json.WriteStartArray("damaged");
            foreach (string damaged in facts.Counts.Damaged)
            {
                json.WriteStringValue(damaged);
            }

            json.WriteEndArray();
            json.WriteStartObject("seconds");
            foreach (StageDuration duration in facts.Durations)
            {
                json.WriteNumber(duration.Stage, Math.Round(duration.Elapsed.TotalSeconds, 3, MidpointRounding.ToEven));
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray()) + "\n";
    }
}
