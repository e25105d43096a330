using System.Runtime.InteropServices;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Kernels.Cpu.Simd;

namespace MambaQuant.Client.Doctor;

/// <summary>What is known about the machine; gathered once, so that checks are pure.</summary>
internal sealed record MachineFacts
{
    /// <summary>Version of the .NET runtime that runs this program.</summary>
    public required Version Runtime { get; init; }

    /// <summary>Architecture of the process.</summary>
    public required Architecture Architecture { get; init; }

    /// <summary>The vector width the kernels use.</summary>
    public required SimdTier SimdTier { get; init; }

    /// <summary>Processors this process may use; a container's limit included.</summary>
    public required int Processors { get; init; }

    /// <summary>Bytes of memory this process may use; a container's limit included.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>Name of a LAPACK library that is installed, or null.</summary>
    public required string? Lapack { get; init; }

    /// <summary>The folder that results would be written to.</summary>
    public required string Folder { get; init; }

    /// <summary>Bytes free on the folder's disk, or null where that cannot be found out.</summary>
    public required long? FreeBytes { get; init; }

    /// <summary>Why a file could not be written into the folder; null where it could.</summary>
    public required string? WriteError { get; init; }

    /// <summary>Looks at the machine.</summary>
    /// <param name="folder">The folder that results would be written to.</param>
    public static MachineFacts Gather(string folder) => new()
    {
        Runtime = Environment.Version,
        Architecture = RuntimeInformation.ProcessArchitecture,
        SimdTier = SimdTiers.Current,
        Processors = Environment.ProcessorCount,
        MemoryBytes = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
        Lapack = FindLapack(),
        Folder = folder,
        FreeBytes = DiskSpace.FreeBytes(folder),
        WriteError = TryWrite(folder),
    };

    /// <summary>A backend that takes a LAPACK where there is one names it in its profile.</summary>
    private static string? FindLapack()
    {
        using CpuKernels managed = new(new CpuKernelsOptions { LinearAlgebraLibrary = LinearAlgebraLibrary.Managed });
        using CpuKernels any = new(new CpuKernelsOptions { LinearAlgebraLibrary = LinearAlgebraLibrary.Auto });
        return any.Profile == managed.Profile ? null : any.Profile.Split('/')[^1];
    }

    private static string? TryWrite(string folder)
    {
        string probe = Path.Combine(folder, $".mambaquant-probe-{Environment.ProcessId}");
        try
        {
            using FileStream file = new(probe, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose);
            file.WriteByte(0);
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return exception.Message;
        }
    }
}
