using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace MambaQuant.Testing;

/// <summary>The emulator of Azure Blob Storage, as a process of its own on a free port of the loopback device.</summary>
/// <remarks>
/// Found as 'azurite-blob' on the PATH, or in the repository's folder .tools, where ./test and .ci/run install it. The process ends when its standard
/// input does: with this object, and with this process, however that ends.
/// </remarks>
public sealed partial class AzuriteServer : IDisposable
{
    /// <summary>The account and the key that every such emulator has; known to everybody, no secret.</summary>
    public const string Account = "devstoreaccount1",
        AccountKey = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    // Not the program's own start: that would outlive a test host that is killed.
    private const string Bootstrap = "process.stdin.resume(); process.stdin.on('end', () => process.exit(0)); require(process.argv[1]);";

    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(1);
    private static readonly Lazy<(string? Node, string? Program)> Found = new(() => (OnPath("node"), FindProgram()));
    private static readonly Lazy<AzuriteServer> SharedServer = new(() => Start(null));

    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(10);

    private readonly Process _process;
    private readonly TemporaryDirectory _folder;
    private readonly Task _closed;

    private AzuriteServer(Process process, TemporaryDirectory folder, int port, Task closed)
    {
        _process = process;
        _folder = folder;
        _closed = closed;
        Port = port;
    }

    /// <summary>Why there is no emulator on this machine; null where there is one.</summary>
    public static string? MissingReason =>
        Found.Value.Program is null ? "needs the emulator Azurite: 'azurite-blob' on the PATH or in .tools, where ./test installs it with npm"
        : Found.Value.Node is null ? "needs 'node' on the PATH for the emulator Azurite"
        : null;

    /// <summary>One emulator for all tests of this process, in memory; started on first use.</summary>
    public static AzuriteServer Shared => SharedServer.Value;

    /// <summary>Its port.</summary>
    public int Port { get; }

    /// <summary>A connection string.</summary>
    /// <param name="port">Another port, of something that stands before the emulator; null for its own.</param>
    public string ConnectionString(int? port = null) =>
        $"DefaultEndpointsProtocol=http;AccountName={Account};AccountKey={AccountKey};BlobEndpoint=http://127.0.0.1:{port ?? Port}/{Account};";

    /// <summary>Lets it hang: requests wait until it goes on.</summary>
    /// <param name="time">For how long.</param>
    public async Task HangAsync(TimeSpan time)
    {
        Signal("STOP");
        await Task.Delay(time);
        Signal("CONT");
    }

    /// <summary>Starts an emulator.</summary>
    /// <param name="folder">Where it keeps blobs; null for in memory.</param>
    /// <param name="port">Its port, such as that of one that has ended; 0 for a free one.</param>
    /// <exception cref="InvalidOperationException">There is none on this machine, or it does not start; the message shows what it printed.</exception>
    public static AzuriteServer Start(string? folder, int port = 0)
    {
        if (MissingReason is { } reason)
        {
            throw new InvalidOperationException(reason);
        }

        var work = new TemporaryDirectory();
        string[] place = folder is null ? ["--inMemoryPersistence"] : ["--location", folder];
        var start = new ProcessStartInfo(Found.Value.Node!, ["-e", Bootstrap, Found.Value.Program!, "--blobPort", port.ToString(CultureInfo.InvariantCulture), "--silent", "--disableTelemetry", .. place])
        {
            WorkingDirectory = work.Path,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        Process process = Process.Start(start)!;
        List<string> printed = [];
        var listening = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Take(object sender, DataReceivedEventArgs line)
        {
            lock (printed)
            {
                printed.Add(line.Data ?? "");
            }

            if (line.Data is not null && Listening().Match(line.Data) is { Success: true } match)
            {
                listening.TrySetResult(int.Parse(match.Groups[1].ValueSpan));
            }

            if (line.Data?.Contains("successfully closed", StringComparison.Ordinal) == true)
            {
                closed.TrySetResult();
            }
        }

        process.OutputDataReceived += Take;
        process.ErrorDataReceived += Take;
        process.EnableRaisingEvents = true;
        process.Exited += (_, _) => listening.TrySetResult(0);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        if (!listening.Task.Wait(StartLimit) || listening.Task.Result == 0)
        {
            process.Kill(entireProcessTree: true);
            lock (printed)
            {
                throw new InvalidOperationException($"the emulator Azurite did not start; it printed: {string.Join('\n', printed)}");
            }
        }

        return new AzuriteServer(process, work, listening.Task.Result, closed.Task);
    }

    /// <summary>Ends the emulator, which first writes down what it has acknowledged: else the last seconds of a folder would be lost.</summary>
    public void Dispose()
    {
        if (!_process.HasExited && !OperatingSystem.IsWindows())
        {
            Signal("TERM");
            _closed.Wait(CloseLimit);
        }

        _process.StandardInput.Close();
        if (!_process.WaitForExit(10_000))
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit();
        }

        _process.Dispose();
        _folder.Dispose();
    }

    private void Signal(string signal)
    {
        using Process kill = Process.Start("kill", ["-s", signal, _process.Id.ToString(CultureInfo.InvariantCulture)])!;
        kill.WaitForExit();
    }

    private static string? FindProgram()
    {
        string[] parts = ["azurite", "dist", "src", "blob", "main.js"];
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string installed = Path.Combine([folder.FullName, ".tools", "node_modules", .. parts]);
            if (File.Exists(installed))
            {
                return installed;
            }
        }

        // On the PATH stands a link to the script, or a script of the shell that a package manager wrote.
        return OnPath("azurite-blob") is { } link && File.ResolveLinkTarget(link, returnFinalTarget: true) is { Extension: ".js" } target ? target.FullName : null;
    }

    private static string? OnPath(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Select(folder => Path.Combine(folder, OperatingSystem.IsWindows() ? program + ".exe" : program))
        .FirstOrDefault(File.Exists);

    [GeneratedRegex(@"successfully listens on \S+?:(\d+)")]
    private static partial Regex Listening();
}
