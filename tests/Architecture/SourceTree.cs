using MambaQuant.Testing;

namespace MambaQuant.Architecture;

/// <summary>The sources of the repository.</summary>
internal static class SourceTree
{
    /// <summary>All C# sources below a folder, build outputs left out.</summary>
    /// <param name="folders">Folders below the root.</param>
    /// <returns>Paths relative to the root, with forward slashes, sorted.</returns>
    public static IReadOnlyList<string> Sources(params string[] folders) =>
    [
        .. folders
            .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*.cs", SearchOption.AllDirectories))
            .Select(path => Path.GetRelativePath(Repository.Root, path).Replace('\\', '/'))
            .Where(path => !path.Split('/').Any(part => part is "bin" or "obj"))
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>Reads a file.</summary>
    /// <param name="path">Path relative to the root.</param>
    public static string Read(string path) => File.ReadAllText(Path.Combine(Repository.Root, path));
}
