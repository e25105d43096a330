using System.Text.Json;
using MambaQuant.Client.Failures;
using MambaQuant.Pipeline.Simulation;

namespace MambaQuant.Client.Planning;

/// <summary>What a machine gives, as it was measured once: with the same rates a plan and a simulation print the same, on any machine.</summary>
/// <param name="FormatVersion">Version of the file.</param>
/// <param name="Measured">What was measured.</param>
/// <param name="MachineMemoryBytes">Memory of the machine.</param>
internal sealed record SavedRates(int FormatVersion, MachineRates Measured, long MachineMemoryBytes)
{
    private const int CurrentVersion = 1;

    /// <summary>The rates of this machine, measured now.</summary>
    /// <param name="measured">What was measured.</param>
    public static SavedRates Of(MachineRates measured) => new(CurrentVersion, measured, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="UsageException">It holds no rates, or some that cannot be.</exception>
    /// <exception cref="IOException">It is missing, or cannot be read.</exception>
    public static SavedRates Read(string path)
    {
        try
        {
            SavedRates? saved = JsonSerializer.Deserialize(File.ReadAllBytes(path), RatesJson.Default.SavedRates);
            return saved?.Problem() is { } problem ? throw Wrong(path, problem) : saved ?? throw Wrong(path, "found null");
        }
        catch (JsonException error)
        {
            throw Wrong(path, error.Message);
        }
    }

    /// <summary>Writes a file; one of the name is replaced.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Write(string path)
    {
        string partial = path + ".partial";
        File.WriteAllBytes(partial, [.. JsonSerializer.SerializeToUtf8Bytes(this, RatesJson.Default.SavedRates), (byte)'\n']);
        File.Move(partial, path, overwrite: true);
    }

    private static UsageException Wrong(string path, string problem) =>
        new($"--rates: '{path}' holds no rates of a machine: {problem}. Make one with --save-rates FILE");

    private string? Problem()
    {
        (string Name, double Value)[] values =
        [
            ("gemmOperationsPerSecond", Measured.GemmOperationsPerSecond),
            ("scanOperationsPerSecond", Measured.ScanOperationsPerSecond),
            ("memoryBytesPerSecond", Measured.MemoryBytesPerSecond),
            ("diskWriteBytesPerSecond", Measured.DiskWriteBytesPerSecond),
            ("diskReadBytesPerSecond", Measured.DiskReadBytesPerSecond),
            ("machineMemoryBytes", MachineMemoryBytes),
        ];
        return FormatVersion != CurrentVersion
            ? $"expected formatVersion {CurrentVersion}, found {FormatVersion}"
            : values.Where(value => !(double.IsFinite(value.Value) && value.Value > 0)).Select(value => $"expected {value.Name} above 0, found {value.Value}").FirstOrDefault();
    }
}
