using System.Reflection;
using System.Text.RegularExpressions;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Architecture;

public sealed partial class AssemblyArrowTests
{
    /// <summary>Which projects of src a project may refer to; a project that is not named here may not exist.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Quant"] = [],
        ["Pipeline"] = ["Quant"],
        ["Storage"] = ["Pipeline"],
        ["Dashboard"] = ["Pipeline", "Quant"],
        ["Telemetry"] = ["Pipeline"],
        ["Grains"] = ["Pipeline", "Quant", "Storage"],
        ["Silo"] = ["Dashboard", "Grains", "Pipeline", "Quant", "Storage", "Telemetry"],
        ["Client"] = ["Dashboard", "Grains", "Pipeline", "Quant", "Storage", "Telemetry"],
    };

    public static TheoryData<string> Projects => [.. Directory.EnumerateDirectories(Path.Combine(Repository.Root, "src")).Select(path => Path.GetFileName(path)!)];

    [Theory]
    [MemberData(nameof(Projects))]
    public void Project_RefersOnlyDownward(string project)
    {
        Assert.True(Allowed.TryGetValue(project, out string[]? allowed), $"src/{project} has no place among the floors yet: give it one here");
        string file = SourceTree.Read($"src/{project}/MambaQuant.{project}.csproj");

        string[] found = [.. ProjectReference().Matches(file).Select(match => match.Groups[1].Value)];

        Assert.Empty(found.Except(allowed));
    }

    [Theory]
    [InlineData("MambaQuant.Quant")]
    [InlineData("MambaQuant.Pipeline", "MambaQuant.Quant")]
    [InlineData("MambaQuant.Storage", "MambaQuant.Pipeline", "MambaQuant.Quant")]
    [InlineData("mambaquant", "MambaQuant.Dashboard", "MambaQuant.Grains", "MambaQuant.Pipeline", "MambaQuant.Quant", "MambaQuant.Storage", "MambaQuant.Telemetry")]
    public void Assembly_RefersOnlyDownward(string assembly, params string[] allowed)
    {
        string[] found =
        [
            .. Assembly.Load(assembly).GetReferencedAssemblies()
                .Select(name => name.Name!)
                .Where(name => name.StartsWith("MambaQuant", StringComparison.OrdinalIgnoreCase)),
        ];

        Assert.Empty(found.Except(allowed));
    }

    [Theory]
    [InlineData("MambaQuant.Quant")]
    [InlineData("MambaQuant.Pipeline")]
    [InlineData("MambaQuant.Storage")]
    public void Method_KnowsNoConsoleAndNoCommandLine(string assembly)
    {
        string[] forbidden = ["System.Console", "System.CommandLine", "Spectre.Console"];

        Assert.Empty(Assembly.Load(assembly).GetReferencedAssemblies().Select(name => name.Name).Intersect(forbidden));
    }

    [GeneratedRegex(@"<ProjectReference\s+Include=""[^""]*?(\w+)[\\/][^\\/""]+""")]
    private static partial Regex ProjectReference();
}
