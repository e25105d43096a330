using System.Runtime.InteropServices;

namespace MambaQuant.Reports;

/// <summary>Writes a report with the machine and the profile it was made on.</summary>
internal static class ReportFile
{
    /// <summary>Writes.</summary>
    /// <param name="file">Where to; null for standard output.</param>
    /// <param name="title">Its heading.</param>
    /// <param name="laboratory">What measured.</param>
    /// <param name="body">Markdown.</param>
    public static void Write(FileInfo? file, string title, Laboratory laboratory, string body)
    {
        if (file is null)
        {
            Console.Out.Write(Text(title, laboratory, body));
        }

        Save(file, title, laboratory, body);
    }

    /// <summary>Saves what is there so far, so that a run of hours that is stopped leaves its rows.</summary>
    /// <param name="file">Where to; null for nowhere.</param>
    /// <param name="title">Its heading.</param>
    /// <param name="laboratory">What measured.</param>
    /// <param name="body">Markdown.</param>
    public static void Save(FileInfo? file, string title, Laboratory laboratory, string body)
    {
        if (file is not null)
        {
            File.WriteAllText(file.FullName, Text(title, laboratory, body));
        }
    }

    private static string Text(string title, Laboratory laboratory, string body) =>
        $"# {title}\n\n{Environment.ProcessorCount} processors, {RuntimeInformation.FrameworkDescription}, {laboratory.Profile}. Made by `bench/report`.\n\n{body}";
}
