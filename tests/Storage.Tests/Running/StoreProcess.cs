using System.Diagnostics;
using MambaQuant.Pipeline.Artifacts;

namespace MambaQuant.Storage.Tests.Running;

/// <summary>A process of its own that works on a store.</summary>
internal sealed class StoreProcess : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    private readonly Process _process;

    /// <summary>Starts one and waits until it has opened the store.</summary>
    public StoreProcess(string action, string location, string name, ulong seed, long length)
    {
        string host = Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet";
        string program = typeof(StoreProcess).Assembly.Location;
        _process = Process.Start(new ProcessStartInfo(host, ["exec", program, action, location, name, seed.ToString(), length.ToString()])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        Expect("ready");
    }

    /// <summary>Lets it act.</summary>
    public void Go() => _process.StandardInput.WriteLine("go");

    /// <summary>The next line it prints.</summary>
    public string ReadLine()
    {
        Task<string?> line = _process.StandardOutput.ReadLineAsync();
        return line.Wait(Limit) ? line.Result ?? "(ended)" : throw new TimeoutException("the process prints nothing");
    }

    /// <summary>Waits for a line.</summary>
    public void Expect(string expected)
    {
        string found = ReadLine();
        if (found != expected)
        {
            throw new ArtifactStoreException($"expected '{expected}' from the process, found '{found}'");
        }
    }

    /// <summary>Kills it, as a crash or an impatient person would.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(10_000))
        {
            Kill();
        }

        _process.Dispose();
    }
}
