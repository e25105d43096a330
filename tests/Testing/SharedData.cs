namespace MambaQuant.Testing;

/// <summary>Finds the trained models and texts that lie beside a checkout, in a folder named "shared".</summary>
public static class SharedData
{
    /// <summary>The folder, or null where there is none.</summary>
    /// <remarks>The environment variable MAMBAQUANT_SHARED wins; else every parent of the test binaries is asked for "shared".</remarks>
    public static string? Root { get; } = Find();

    /// <summary>The path of a file or folder inside the shared folder.</summary>
    /// <param name="parts">Path below the folder, such as "models", "mamba-wt2-5m".</param>
    /// <exception cref="DirectoryNotFoundException">There is no shared folder; guard the test with <see cref="SharedDataFactAttribute"/>.</exception>
    public static string Path(params string[] parts) =>
        System.IO.Path.Combine([Root ?? throw new DirectoryNotFoundException("no folder 'shared' beside the checkout; set MAMBAQUANT_SHARED"), .. parts]);

    private static string? Find()
    {
        string? named = Environment.GetEnvironmentVariable("MAMBAQUANT_SHARED");
        if (named is not null)
        {
            return Directory.Exists(named) ? named : null;
        }

        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string candidate = System.IO.Path.Combine(folder.FullName, "shared");
            if (File.Exists(System.IO.Path.Combine(candidate, "models", "README.md")))
            {
                return candidate;
            }
        }

        return null;
    }
}
