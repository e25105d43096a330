using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace MambaQuant.EndToEnd;

/// <summary>One run of the built program as a process of its own.</summary>
/// <param name="ExitCode">How it ended.</param>
/// <param name="Output">What it wrote to stdout.</param>
/// <param name="Error">What it wrote to stderr.</param>
internal sealed partial record ProgramRun(int ExitCode, string Output, string Error)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);
    /// <summary>The program.</summary>
    public static readonly string Program = Path.Combine(AppContext.BaseDirectory, "mambaquant.dll");

    /// <summary>Runs it to its end.</summary>
    /// <param name="arguments">The command line.</param>
    public static ProgramRun Of(params string[] arguments) => Wait(Start("dotnet", ["exec", Program, .. arguments]), signalAfter: null, signal: 0);

    /// <summary>Runs it under a limit on the size of files, as a disk that fills up.</summary>
    /// <param name="kilobytes">The largest file it may write.</param>
    /// <param name="arguments">The command line.</param>
    public static ProgramRun WithFileSizeLimit(int kilobytes, params string[] arguments)
    {
        // The signal of the limit would end the process; ignored, the write fails as it does on a full disk. The runtime's own
        // double mapping of code pages is a file too, and is switched off.
        string script = $"trap '' XFSZ; ulimit -f {kilobytes}; DOTNET_EnableWriteXorExecute=0 exec dotnet exec \"$@\"";
        return Wait(Start("bash", ["-c", script, "bash", Program, .. arguments]), signalAfter: null, signal: 0);
    }

    /// <summary>Runs it and sends a signal once it has written a certain text to stderr.</summary>
    /// <param name="signal">The signal's number.</param>
    /// <param name="after">The text.</param>
    /// <param name="arguments">The command line.</param>
    public static ProgramRun Signalled(int signal, string after, params string[] arguments) =>
        Wait(StartListening(["exec", Program, .. arguments]), after, signal);

    /// <summary>Runs any program of the machine.</summary>
    /// <param name="file">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="folder">Its working folder.</param>
    /// <param name="environment">All its variables; null for those of the tests.</param>
    public static ProgramRun OfOther(string file, string[] arguments, string folder, IReadOnlyDictionary<string, string>? environment = null) =>
        Wait(Start(file, arguments, folder, environment), signalAfter: null, signal: 0);

    /// <summary>Starts the program so that it hears signals: whoever runs the tests in the background of a script has them ignored, and a child inherits that.</summary>
    private static Process StartListening(string[] arguments) =>
        OperatingSystem.IsLinux() ? Start("env", ["--default-signal=INT", "dotnet", .. arguments]) : Start("dotnet", arguments);

    private static Process Start(string file, string[] arguments, string? folder = null, IReadOnlyDictionary<string, string>? environment = null)
    {
        ProcessStartInfo start = new(file, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
            WorkingDirectory = folder ?? AppContext.BaseDirectory,
        };
        if (environment is not null)
        {
            start.Environment.Clear();
            foreach ((string name, string value) in environment)
            {
                start.Environment[name] = value;
            }
        }

        return Process.Start(start)!;
    }

    private static ProgramRun Wait(Process process, string? signalAfter, int signal)
    {
        using (process)
        {
            StringBuilder output = new();
            StringBuilder error = new();
            Lock gate = new();
            bool sent = signalAfter is null;
            process.OutputDataReceived += (_, line) => Append(output, line.Data);
            process.ErrorDataReceived += (_, line) =>
            {
                Append(error, line.Data);
                if (!sent && line.Data is not null && line.Data.Contains(signalAfter!, StringComparison.Ordinal))
                {
                    sent = true;
                    _ = Kill(process.Id, signal);
                }
            };
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            if (!process.WaitForExit(Patience))
            {
                process.Kill(entireProcessTree: true);
                throw new TimeoutException($"no end after {Patience}; stderr so far:\n{error}");
            }

            process.WaitForExit();
            return new ProgramRun(process.ExitCode, output.ToString(), error.ToString());

            void Append(StringBuilder text, string? line)
            {
                if (line is not null)
                {
                    lock (gate)
                    {
                        text.Append(line).Append('\n');
                    }
                }
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
