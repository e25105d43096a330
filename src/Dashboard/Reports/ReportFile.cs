using System.Text;

namespace MambaQuant.Dashboard.Reports;

/// <summary>Writes a small text file beside its place, then renames it: nobody ever reads half of it.</summary>
internal static class ReportFile
{
    /// <summary>Writes; an older file is replaced.</summary>
    /// <param name="path">The file.</param>
    /// <param name="text">Its text.</param>
    /// <exception cref="IOException">The disk is full or failed; the older file is still there.</exception>
    public static void Write(string path, string text)
    {
        string partial = path + ".partial";
        try
        {
            File.WriteAllText(partial, text, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
            File.Move(partial, path, overwrite: true);
        }
        finally
        {
            File.Delete(partial);
        }
    }
}
