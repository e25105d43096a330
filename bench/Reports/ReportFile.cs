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
        string text = $"# {title}\n\n{Environment.ProcessorCount} processors, {RuntimeInformation.FrameworkDescription}, {laboratory.Profile}. Made by `bench/report`.\n\n{body}";
        if (file is null)
        {
            Console.Out.Write(text);
            return;
        }

        File.WriteAllText(file.FullName, text);
    }
}
