namespace MambaQuant.Telemetry.Gpu;

/// <summary>Says what the GPUs of this machine are at.</summary>
internal interface IGpuReader : IDisposable
{
    /// <summary>Reads all of them.</summary>
    /// <returns>One reading each; without those that do not answer.</returns>
    IReadOnlyList<GpuReading> Read();
}
