using System.Globalization;
using System.Text.RegularExpressions;
using MambaQuant.Testing;

namespace MambaQuant.Dashboard.Tests.Browser;

/// <summary>A run of the program, with its live page.</summary>
internal sealed partial class QuantizeProcess : IDisposable
{
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "mambaquant.dll");

    private QuantizeProcess(ChildProcess process) => Process = process;

    /// <summary>The process.</summary>
    public ChildProcess Process { get; }

    /// <summary>Quantizes the sample model.</summary>
    /// <param name="output">Folder to write.</param>
    /// <param name="port">Port of the page; null for a free one.</param>
    /// <param name="limitKilobytes">The largest file that it may write: beyond it the disk is full; null for none.</param>
    /// <param name="more">Arguments besides.</param>
    public static QuantizeProcess Start(string output, int? port = null, int? limitKilobytes = null, params string[] more)
    {
        string sample = Path.Combine(Repository.Root, "samples", "mamba-5m");
        string[] arguments =
        [
            "exec", Program, "quantize", sample, "--out", output, "--calibration", Path.Combine(sample, "eval.txt"), "--workers", "2", "--blocks", "4", "--shards", "4",
            "--dashboard", .. port is { } number ? [number.ToString(CultureInfo.InvariantCulture)] : (string[])[], .. more,
        ];
        string limit = string.Create(CultureInfo.InvariantCulture, $"trap '' XFSZ; ulimit -f {limitKilobytes}; DOTNET_EnableWriteXorExecute=0 exec dotnet \"$@\"");
        return new QuantizeProcess(limitKilobytes is null ? ChildProcess.Start("dotnet", arguments) : ChildProcess.Start("bash", ["-c", limit, "bash", .. arguments]));
    }

    /// <summary>Waits for the address of its page.</summary>
    public async Task<string> AddressAsync()
    {
        for (int step = 0; step < 3600; step++)
        {
            if (Address().Match(Process.Printed) is { Success: true } match)
            {
                return match.Groups[1].Value;
            }

            await Task.Delay(50);
        }

        throw new TimeoutException($"no page; the program printed:\n{Process.Printed}");
    }

    /// <inheritdoc/>
    public void Dispose() => Process.Dispose();

    [GeneratedRegex(@"dashboard: (http://\S+/)")]
    private static partial Regex Address();
}
