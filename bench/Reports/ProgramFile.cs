using System.Diagnostics;
using MambaQuant.Testing;

namespace MambaQuant.Reports;

/// <summary>Where the repository and its command line lie.</summary>
internal static class ProgramFile
{
    /// <summary>The repository, above the folder of this program.</summary>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    public static string Root()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "MambaQuant.Distributed.sln")))
            {
                return folder.FullName;
            }
        }

        throw new FileNotFoundException($"no file 'MambaQuant.Distributed.sln' above '{AppContext.BaseDirectory}'");
    }

    /// <summary>The built command line, beside this program.</summary>
    public static string CommandLine { get; } = Path.Combine(AppContext.BaseDirectory, "mambaquant.dll");

    /// <summary>Runs the command line to its end.</summary>
    /// <param name="arguments">Its arguments.</param>
    /// <returns>Seconds that it took.</returns>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public static double Run(params string[] arguments)
    {
        long started = Stopwatch.GetTimestamp();
        Read(arguments);
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    /// <summary>Runs the command line to its end.</summary>
    /// <param name="arguments">Its arguments.</param>
    /// <returns>What it printed, on both streams.</returns>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public static string Read(params string[] arguments)
    {
        // Beside this program lie only the libraries that its own frameworks do not bring.
        string runtime = Path.Combine(AppContext.BaseDirectory, "mambaquant-reports.runtimeconfig.json");
        using ChildProcess process = ChildProcess.Start("dotnet", ["exec", "--runtimeconfig", runtime, CommandLine, .. arguments]);
        int code = process.WaitForEnd(TimeSpan.FromMinutes(10));
        return code == 0 ? process.Printed : throw new InvalidOperationException($"'{string.Join(' ', arguments)}' ended with {code}:\n{process.Tail}");
    }
}
