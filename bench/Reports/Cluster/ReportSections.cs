namespace MambaQuant.Reports.Cluster;

/// <summary>The sections of a report that may be measured one by one: those that are not measured again stay as the file has them.</summary>
/// <param name="file">The report; null for standard output.</param>
/// <param name="title">Its heading.</param>
/// <param name="laboratory">What measured.</param>
internal sealed class ReportSections(FileInfo? file, string title, Laboratory laboratory)
{
    private const string Mark = "## ";

    // In the order in which they stand in the report.
    private static readonly string[] Headings = ["Tests", "The job grain", "Coming back", "Beside the embedded engine", "Coming and going", "Killed at random"];

    private readonly Dictionary<string, string> _sections = file is { Exists: true } ? Read(File.ReadAllText(file.FullName)) : [];

    private string Text => string.Concat(Headings.Select(heading => _sections.GetValueOrDefault(heading, string.Empty))).TrimEnd('\n') + "\n";

    /// <summary>Takes sections, and saves what is there so far.</summary>
    /// <param name="markdown">The sections, each with its heading.</param>
    public void Put(string markdown)
    {
        foreach ((string heading, string section) in Read(markdown))
        {
            _sections[heading] = section;
        }

        ReportFile.Save(file, title, laboratory, Text);
    }

    /// <summary>Writes the report.</summary>
    public void Write() => ReportFile.Write(file, title, laboratory, Text);

    private static Dictionary<string, string> Read(string markdown) => markdown.Split("\n" + Mark)
        .Select((part, place) => place > 0 ? part : part.StartsWith(Mark, StringComparison.Ordinal) ? part[Mark.Length..] : string.Empty)
        .Where(part => part.Length > 0)
        .ToDictionary(part => part.Split('\n')[0], part => Mark + part.TrimEnd('\n') + "\n\n", StringComparer.Ordinal);
}
