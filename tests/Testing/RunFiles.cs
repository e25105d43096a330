namespace MambaQuant.Testing;

/// <summary>The files of a checkpoint that tell of one run: times, machine; all others are the same whenever the inputs are.</summary>
public static class RunFiles
{
    /// <summary>Their names.</summary>
    public static IReadOnlyList<string> Names { get; } = ["run.json", "report.html"];

    /// <summary>Whether a file is one of them.</summary>
    /// <param name="path">The file.</param>
    public static bool Has(string path) => Names.Contains(Path.GetFileName(path));
}
