using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace MambaQuant.Testing;

/// <summary>A program that runs beside a test, ends with it at the latest, and can be treated badly.</summary>
/// <remarks>Where there is 'setpriv', the kernel kills it when this process ends, however that ends.</remarks>
public sealed partial class ChildProcess : IDisposable
{
    private const int TailLines = 40, TailWidth = 300;

    // The kernel's word is about the thread that started the program, not about the process: so one thread starts them all, and never ends.
    private static readonly BlockingCollection<Action> Starts = Starter();

    // Their numbers are the same on every processor that .NET runs on.
    private static readonly Dictionary<string, int> LinuxSignals = new(StringComparer.Ordinal) { ["INT"] = 2, ["KILL"] = 9, ["TERM"] = 15, ["CONT"] = 18, ["STOP"] = 19 };

    private readonly Process _process;
    private readonly StringBuilder _printed = new();
    private bool _isDisposed;

    private ChildProcess(Process process) => _process = process;

    /// <summary>What it printed so far, both streams as they came.</summary>
    public string Printed
    {
        get
        {
            lock (_printed)
            {
                return _printed.ToString();
            }
        }
    }

    /// <summary>The end of what it printed, for messages of tests: whole logs with their stack traces would bury what they are about.</summary>
    public string Tail => string.Join('\n', Printed.TrimEnd().Split('\n').TakeLast(TailLines).Select(line => line.Length <= TailWidth ? line : line[..TailWidth] + "…"));

    /// <summary>Its number.</summary>
    public int Id => _process.Id;

    /// <summary>Whether it has ended.</summary>
    public bool HasEnded => _process.HasExited;

    /// <summary>Its exit code, once it has ended.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>Where a program lies, or null.</summary>
    /// <param name="program">Its name.</param>
    public static string? OnPath(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Select(folder => Path.Combine(folder, program))
        .FirstOrDefault(File.Exists);

    /// <summary>Starts a program.</summary>
    /// <param name="program">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="environment">Variables besides those of this process.</param>
    public static ChildProcess Start(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        string[] command = OnPath("setpriv") is { } setpriv ? [setpriv, "--pdeathsig", "KILL", program, .. arguments] : [program, .. arguments];
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach ((string name, string value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        var child = new ChildProcess(new Process { StartInfo = start });
        child._process.OutputDataReceived += child.Take;
        child._process.ErrorDataReceived += child.Take;
        using (var started = new ManualResetEventSlim())
        {
            Exception? fault = null;
            Starts.Add(() =>
            {
                try
                {
                    child._process.Start();
                }
                catch (Exception failure) when (failure is Win32Exception or InvalidOperationException)
                {
                    fault = failure;
                }
                finally
                {
                    started.Set();
                }
            });
            started.Wait();
            if (fault is not null)
            {
                throw new InvalidOperationException($"'{command[0]}' cannot be started: {fault.Message}", fault);
            }
        }

        child._process.BeginOutputReadLine();
        child._process.BeginErrorReadLine();
        return child;
    }

    /// <summary>Sends it a signal.</summary>
    /// <param name="signal">Such as "TERM", "STOP", "CONT".</param>
    public void Signal(string signal)
    {
        // At once, and not when a busy machine has started a program for it.
        if (OperatingSystem.IsLinux() && LinuxSignals.TryGetValue(signal, out int number))
        {
            _ = Send(_process.Id, number);
            return;
        }

        using Process kill = Process.Start("kill", ["-s", signal, _process.Id.ToString(CultureInfo.InvariantCulture)])!;
        kill.WaitForExit();
    }

    /// <summary>Ends it at once, without warning.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    /// <summary>Waits until it has printed something.</summary>
    /// <param name="text">What.</param>
    /// <param name="patience">How long at most.</param>
    /// <exception cref="TimeoutException">It has not; the message has the end of what it printed.</exception>
    public async Task UntilPrintedAsync(string text, TimeSpan patience)
    {
        for (DateTime end = DateTime.UtcNow + patience; !Printed.Contains(text, StringComparison.Ordinal); await Task.Delay(50))
        {
            if (DateTime.UtcNow > end)
            {
                throw new TimeoutException($"'{text}' is not printed within {patience}; this is:\n{Tail}");
            }
        }
    }

    /// <summary>Waits a moment for its end.</summary>
    /// <param name="moment">How long.</param>
    /// <returns>Whether it has ended.</returns>
    public bool EndsWithin(TimeSpan moment) => _process.WaitForExit(moment);

    /// <summary>Waits for its end, and for all that it printed.</summary>
    /// <param name="limit">How long.</param>
    /// <exception cref="TimeoutException">It goes on; the message has what it printed.</exception>
    public int WaitForEnd(TimeSpan limit)
    {
        if (!_process.WaitForExit(limit))
        {
            throw new TimeoutException($"the program goes on after {limit}; it printed:\n{Tail}");
        }

        // With a limit nobody waits for the last lines, which may be on their way.
        _process.WaitForExit();
        return _process.ExitCode;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        if (!_process.HasExited)
        {
            Kill();
        }

        _process.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Send(int process, int signal);

    private static BlockingCollection<Action> Starter()
    {
        var starts = new BlockingCollection<Action>();
        new Thread(() =>
        {
            foreach (Action start in starts.GetConsumingEnumerable())
            {
                start();
            }
        })
        { IsBackground = true, Name = "starts programs" }.Start();
        return starts;
    }

    private void Take(object sender, DataReceivedEventArgs line)
    {
        lock (_printed)
        {
            _printed.AppendLine(line.Data);
        }
    }
}
