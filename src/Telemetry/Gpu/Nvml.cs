using System.Runtime.InteropServices;
using System.Text;

namespace MambaQuant.Telemetry.Gpu;

/// <summary>NVIDIA's management library, which comes with the driver: there where a GPU of theirs is, or not at all.</summary>
internal sealed unsafe class Nvml : IGpuReader
{
    private const int NameLength = 96;

    private readonly nint _library;
    private readonly delegate* unmanaged[Cdecl]<int> _shutdown;
    private readonly delegate* unmanaged[Cdecl]<uint*, int> _count;
    private readonly delegate* unmanaged[Cdecl]<uint, nint*, int> _handle;
    private readonly delegate* unmanaged[Cdecl]<nint, byte*, uint, int> _name;
    private readonly delegate* unmanaged[Cdecl]<nint, Utilization*, int> _utilization;
    private readonly delegate* unmanaged[Cdecl]<nint, Memory*, int> _memory;
    private readonly Lock _gate = new();
    private bool _isDisposed;

    private Nvml(nint library)
    {
        _library = library;
        _shutdown = (delegate* unmanaged[Cdecl]<int>)NativeLibrary.GetExport(library, "nvmlShutdown");
        _count = (delegate* unmanaged[Cdecl]<uint*, int>)NativeLibrary.GetExport(library, "nvmlDeviceGetCount_v2");
        _handle = (delegate* unmanaged[Cdecl]<uint, nint*, int>)NativeLibrary.GetExport(library, "nvmlDeviceGetHandleByIndex_v2");
        _name = (delegate* unmanaged[Cdecl]<nint, byte*, uint, int>)NativeLibrary.GetExport(library, "nvmlDeviceGetName");
        _utilization = (delegate* unmanaged[Cdecl]<nint, Utilization*, int>)NativeLibrary.GetExport(library, "nvmlDeviceGetUtilizationRates");
        _memory = (delegate* unmanaged[Cdecl]<nint, Memory*, int>)NativeLibrary.GetExport(library, "nvmlDeviceGetMemoryInfo");
    }

    /// <summary>The file that the system's loader looks for.</summary>
    public static string LibraryName => OperatingSystem.IsWindows() ? "nvml.dll" : "libnvidia-ml.so.1";

    /// <summary>Opens the library.</summary>
    /// <param name="file">Its name or path.</param>
    /// <returns>Null where it is not there, is another one, or finds no driver.</returns>
    public static Nvml? Open(string file)
    {
        if (!NativeLibrary.TryLoad(file, out nint library))
        {
            return null;
        }

        try
        {
            var open = (delegate* unmanaged[Cdecl]<int>)NativeLibrary.GetExport(library, "nvmlInit_v2");
            var nvml = new Nvml(library);
            if (open() == 0)
            {
                return nvml;
            }
        }
        catch (EntryPointNotFoundException)
        {
            // A library of that name that is another one: as if there were none.
        }

        NativeLibrary.Free(library);
        return null;
    }

    /// <inheritdoc/>
    public IReadOnlyList<GpuReading> Read()
    {
        lock (_gate)
        {
            uint count = 0;
            return _isDisposed || _count(&count) != 0
                ? []
                : [.. Enumerable.Range(0, (int)count).Select(ReadOne).OfType<GpuReading>()];
        }
    }

    /// <summary>Lets go of the library.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (!_isDisposed)
            {
                _isDisposed = true;
                _ = _shutdown();
                NativeLibrary.Free(_library);
            }
        }
    }

    private GpuReading? ReadOne(int index)
    {
        nint device;
        Utilization utilization;
        Memory memory;
        byte* name = stackalloc byte[NameLength];
        if (_handle((uint)index, &device) != 0 || _utilization(device, &utilization) != 0 || _memory(device, &memory) != 0)
        {
            return null;
        }

        string model = _name(device, name, NameLength) == 0 ? Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name)) : string.Empty;
        return new GpuReading(index, model, utilization.Gpu / 100.0, (long)memory.Used, (long)memory.Total);
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Utilization
    {
        public uint Gpu;
        public uint Memory;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Memory
    {
        public ulong Total;
        public ulong Free;
        public ulong Used;
    }
}
