using System.Diagnostics;
using System.Globalization;

namespace MambaQuant.Pipeline.Local;

/// <summary>The largest resident set of this process so far.</summary>
public static class PeakMemory
{
    private const string StatusFile = "/proc/self/status";
    private const string PeakField = "VmHWM:";

    /// <summary>Reads it.</summary>
    /// <returns>Bytes, mapped pages included; on Linux the kernel's high-water mark (VmHWM).</returns>
    public static long ResidentBytes()
    {
        if (!File.Exists(StatusFile))
        {
            using Process self = Process.GetCurrentProcess();
            return self.PeakWorkingSet64;
        }

        string line = File.ReadLines(StatusFile).First(line => line.StartsWith(PeakField, StringComparison.Ordinal));
        string kibibytes = line[PeakField.Length..].Replace("kB", string.Empty, StringComparison.Ordinal).Trim();
        return long.Parse(kibibytes, CultureInfo.InvariantCulture) * 1024;
    }
}
