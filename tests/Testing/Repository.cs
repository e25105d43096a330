namespace MambaQuant.Testing;

/// <summary>Files of the repository itself: samples and documents.</summary>
public static class Repository
{
    /// <summary>The folder that holds the solution, found upwards from the test binaries.</summary>
    public static string Root { get; } = Find();

    /// <summary>The path of a file or folder of the repository.</summary>
    /// <param name="parts">Path below the root, such as "samples", "mamba-5m".</param>
    public static string Path(params string[] parts) => System.IO.Path.Combine([Root, .. parts]);

    private static string Find()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "MambaQuant.Distributed.sln")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException($"no folder above {AppContext.BaseDirectory} holds MambaQuant.Distributed.sln");
    }
}
