namespace MambaQuant.Architecture;

/// <summary>The checkout that the tests were built from.</summary>
internal static class Repository
{
    /// <summary>Its root.</summary>
    public static string Root { get; } = Find();

    /// <summary>All C# sources below a folder, build outputs left out.</summary>
    /// <param name="folders">Folders below the root.</param>
    /// <returns>Paths relative to the root, with forward slashes, sorted.</returns>
    public static IReadOnlyList<string> Sources(params string[] folders) =>
    [
        .. folders
            .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories))
            .Select(path => Path.GetRelativePath(Root, path).Replace('\\', '/'))
            .Where(path => !path.Split('/').Any(part => part is "bin" or "obj"))
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>Reads a file.</summary>
    /// <param name="path">Path relative to the root.</param>
    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    private static string Find()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "MambaQuant.Distributed.sln")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException("the tests run outside a checkout: no MambaQuant.Distributed.sln above " + AppContext.BaseDirectory);
    }
}
