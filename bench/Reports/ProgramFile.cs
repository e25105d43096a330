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
}
