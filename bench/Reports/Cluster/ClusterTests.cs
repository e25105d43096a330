using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Xml.Linq;
using MambaQuant.Testing;

namespace MambaQuant.Reports.Cluster;

/// <summary>How many tests of the cluster ran, how they ended, and on which Orleans: as their result files tell, and the libraries beside the tests.</summary>
internal static class ClusterTests
{
    private static readonly string[] Projects = ["Grains.Tests", "Silo.Tests"];

    /// <summary>Runs the tests, and reads how they ended.</summary>
    public static string Run()
    {
        using var folder = new TemporaryDirectory();
        foreach (string project in Projects)
        {
            // A test that fails ends the command with an error: the table says so.
            string[] arguments = ["test", Path.Combine(ProgramFile.Root(), "tests", project), "-c", "Release", "--logger", $"trx;LogFileName={project}.trx", "--results-directory", folder.Path];
            using Process tests = Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true })!;
            Console.Error.Write(tests.StandardOutput.ReadToEnd());
            tests.WaitForExit();
        }

        return Read([.. Projects.Select(project => new FileInfo(folder.File($"{project}.trx")))]);
    }

    /// <summary>Reads how tests ended.</summary>
    /// <param name="results">Files that <c>dotnet test --logger trx</c> wrote, on this machine.</param>
    public static string Read(IReadOnlyList<FileInfo> results)
    {
        var text = new StringBuilder("## Tests\n\nWhat the cluster's tests counted, and the Orleans that lay beside them when they ran.\n\n| tests | Orleans | passed | failed | skipped |\n|---|---|---:|---:|---:|\n");
        foreach (FileInfo file in results)
        {
            XDocument document = XDocument.Load(file.FullName);
            XElement counters = Elements(document, "Counters").Single();
            string tests = Elements(document, "TestMethod").First().Attribute("codeBase")!.Value;
            int total = Count(counters, "total"), passed = Count(counters, "passed"), executed = Count(counters, "executed");
            text.Append(CultureInfo.InvariantCulture, $"| {Path.GetFileNameWithoutExtension(tests)} | {OrleansBeside(tests)} | {passed} | {executed - passed} | {total - executed} |\n");
        }

        return text.Append('\n').ToString();
    }

    /// <summary>The version of a library of Orleans, as it says of itself.</summary>
    /// <param name="library">Its path.</param>
    public static string VersionOf(string library) => FileVersionInfo.GetVersionInfo(library).ProductVersion!.Split('+', ' ')[0].TrimEnd('.');

    private static string OrleansBeside(string tests) => VersionOf(Path.Combine(Path.GetDirectoryName(tests)!, "Orleans.Runtime.dll"));

    private static int Count(XElement counters, string name) => int.Parse(counters.Attribute(name)!.Value, CultureInfo.InvariantCulture);

    private static IEnumerable<XElement> Elements(XDocument document, string name) => document.Descendants().Where(element => element.Name.LocalName == name);
}
