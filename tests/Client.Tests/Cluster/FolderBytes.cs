using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Client.Tests.Cluster;

/// <summary>Compares checkpoints.</summary>
internal static class FolderBytes
{
    /// <summary>Requires the same files with the same bytes, but for those that tell of a run.</summary>
    /// <param name="expected">A folder.</param>
    /// <param name="found">Another one.</param>
    public static void AssertSame(string expected, string found)
    {
        string[] names = Names(expected);
        Assert.Equal(names, Names(found));
        Assert.All(names.Where(name => !RunFiles.Has(name)), name => Assert.Equal(File.ReadAllBytes(Path.Combine(expected, name)), File.ReadAllBytes(Path.Combine(found, name))));
    }

    private static string[] Names(string folder) => [.. Directory.EnumerateFiles(folder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
}
