using System.Diagnostics;

namespace MambaQuant.Testing;

/// <summary>A disk of a few megabytes, in memory; only who may mount has one.</summary>
public sealed class SmallDisk : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    /// <summary>Mounts one.</summary>
    /// <param name="megabytes">Its size.</param>
    /// <exception cref="InvalidOperationException">This user may not mount.</exception>
    public SmallDisk(int megabytes)
    {
        if (!Run("mount", "-t", "tmpfs", "-o", $"size={megabytes}m", "none", Path))
        {
            _folder.Dispose();
            throw new InvalidOperationException("mount refuses");
        }
    }

    /// <summary>Whether this user may mount.</summary>
    public static bool IsPossible { get; } = OperatingSystem.IsLinux() && TryOnce();

    /// <summary>Its root.</summary>
    public string Path => _folder.Path;

    /// <summary>Makes it read-only.</summary>
    public void MakeReadOnly()
    {
        if (!Run("mount", "-o", "remount,ro", Path))
        {
            throw new InvalidOperationException("mount refuses");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Run("umount", Path);
        _folder.Dispose();
    }

    private static bool TryOnce()
    {
        try
        {
            using var disk = new SmallDisk(1);
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static bool Run(string program, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
