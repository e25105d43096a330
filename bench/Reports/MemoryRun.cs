using System.Diagnostics;
using System.Text.Json;

namespace MambaQuant.Reports;

/// <summary>One run of the program in a process of its own, as its run.json tells it.</summary>
/// <param name="Case">What was run.</param>
/// <param name="PeakResidentBytes">Largest resident set (VmHWM), mapped pages included.</param>
/// <param name="ModelBytes">Bytes of the float model's tensor files.</param>
/// <param name="ResultBytes">Bytes of the written tensor files.</param>
/// <param name="Seconds">Wall time per stage.</param>
internal sealed record MemoryRun(
    MemoryCase Case, long PeakResidentBytes, long ModelBytes, long ResultBytes, IReadOnlyDictionary<string, double> Seconds)
{
    private const string RunFile = "run.json";
    private const string Weights = "*.safetensors";

    /// <summary>Quantizes in a new process, unless the result is there already, and reads what the run says of itself.</summary>
    /// <param name="program">The launcher.</param>
    /// <param name="model">Folder of the float model.</param>
    /// <param name="run">Preset and scheme.</param>
    /// <param name="calibration">Source, sequences and their length, as options of the command line.</param>
    /// <param name="output">Folder to write; a result of an earlier call is taken as it is, so that a report of hours goes on where it was stopped.</param>
    /// <exception cref="InvalidOperationException">The program failed.</exception>
    public static MemoryRun Measure(string program, string model, MemoryCase run, IEnumerable<string> calibration, string output)
    {
        if (!File.Exists(Path.Combine(output, RunFile)))
        {
            string[] arguments = ["quantize", model, "--out", output, "--preset", run.Preset, "--scheme", run.Scheme, .. calibration];
            using Process process = Process.Start(new ProcessStartInfo(program, arguments))!;
            process.WaitForExit();
            if (process.ExitCode != 0)
            {
                throw new InvalidOperationException(
                    $"'{program} {string.Join(' ', arguments)}' ended with exit code {process.ExitCode}; see what it wrote above");
            }
        }

        using JsonDocument report = JsonDocument.Parse(File.ReadAllText(Path.Combine(output, RunFile)));
        return new MemoryRun(
            run,
            report.RootElement.GetProperty("peakResidentBytes").GetInt64(),
            TensorBytes(model),
            TensorBytes(output),
            report.RootElement.GetProperty("seconds").EnumerateObject().ToDictionary(stage => stage.Name, stage => stage.Value.GetDouble()));
    }

    private static long TensorBytes(string folder) => new DirectoryInfo(folder).EnumerateFiles(Weights).Sum(file => file.Length);
}
