using System.Security.Cryptography;

namespace MambaQuant.Pipeline.Artifacts;

/// <summary>The folder of a store where artifacts are written before they get their names, and where the dead left theirs unfinished.</summary>
/// <remarks>
/// A temporary file is locked by the process that writes it, and the system drops the lock when the process ends, however it ends. So a file is stale
/// when its lock can be had and it is some minutes old by the file system's own clock (the age covers the moment between making and locking a file).
/// Where a file system has no locks, or between machines whose network file system does not carry them, only a file of another day counts as stale.
/// </remarks>
internal sealed class StagingFolder(string path)
{
    private static readonly TimeSpan UnlockedAge = TimeSpan.FromMinutes(2), AnyAge = TimeSpan.FromDays(2);
    private static readonly string Machine = Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(Environment.MachineName)))[..8];

    private int _cleaned;

    /// <summary>Makes an empty file; the first one of a process cleans up after the dead.</summary>
    /// <exception cref="IOException">The system refuses.</exception>
    /// <exception cref="UnauthorizedAccessException">The system refuses.</exception>
    public StagedFile Create()
    {
        StagedFile file = StagedFile.Create(NewPath());
        if (Interlocked.Exchange(ref _cleaned, 1) == 0)
        {
            Clean(File.GetLastWriteTimeUtc(file.Path));
        }

        return file;
    }

    /// <summary>A path that nobody uses.</summary>
    public string NewPath()
    {
        Directory.CreateDirectory(path);

        // Random, since process numbers repeat between machines and containers; it never reaches a result.
        return Path.Combine(path, $"{Machine}-{RandomNumberGenerator.GetHexString(16, lowercase: true)}");
    }

    private void Clean(DateTime now)
    {
        foreach (string file in Directory.EnumerateFiles(path))
        {
            try
            {
                TimeSpan age = now - File.GetLastWriteTimeUtc(file);
                bool ours = Path.GetFileName(file).StartsWith(Machine + "-", StringComparison.Ordinal);
                if (age >= (ours ? UnlockedAge : AnyAge))
                {
                    // Sharing nothing asks for the lock that a living writer holds.
                    using (File.OpenHandle(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None))
                    {
                        File.Delete(file);
                    }
                }
            }
            catch (Exception failure) when (StoreTexts.IsSystemFailure(failure))
            {
                // Somebody is writing it, has just finished it, or owns it: not ours to clean, and nothing depends on it.
                continue;
            }
        }
    }
}
