using Xunit;

namespace MambaQuant.Architecture;

public sealed class SourceRulesTests
{
    [Fact]
    public void Sources_KeepTheHouseRules()
    {
        string[] problems = [.. SourceTree.Sources("src", "tests").SelectMany(path => SourceRules.Problems(path, SourceTree.Read(path)))];

        Assert.True(problems.Length == 0, string.Join('\n', problems));
    }

    [Theory]
    [InlineData("Thing.cs", "namespace A;\n\npublic sealed class Thing\n{\n    private sealed class Inner;\n}\n")]
    [InlineData("Thing.cs", "namespace A;\n\npublic readonly record struct Thing(int X);\n")]
    [InlineData("Thing.Log.cs", "namespace A;\n\ninternal static partial class Thing\n{\n}\n")]
    [InlineData("IThing.cs", "namespace A;\n\npublic interface IThing<T>\n{\n}\n")]
    [InlineData("Program.cs", "return 0;\n")]
    public void Rules_AcceptWhatIsFine(string file, string text) => Assert.Empty(SourceRules.Problems("src/A/" + file, text));

    [Theory]
    [InlineData("Thing.cs", "namespace A;\n\npublic class Thing;\n\npublic enum Other\n{\n}\n", "one type per file")]
    [InlineData("Thing.cs", "namespace A;\n\npublic record Other(int X);\n", "named as its type")]
    [InlineData("Thing.Log.cs", "namespace A;\n\npublic class Thing\n{\n}\n", "named as its type")]
    [InlineData("Thing.cs", "namespace A\n{\n}\n", "file-scoped")]
    [InlineData("ThingHelper.cs", "namespace A;\n\ninternal static class ThingHelper\n{\n}\n", "says nothing")]
    [InlineData("Thing.cs", "#region x\n", "#region")]
    [InlineData("Thing.cs", "// TO" + "DO later\n", "found")]
    [InlineData("Thing.cs", "try { } cat" + "ch { }", "catch")]
    [InlineData("Thing.cs", "try { } cat" + "ch (Exception e) { }", "catch")]
    public void Rules_RefuseWhatIsNot(string file, string text, string expected) =>
        Assert.Contains(SourceRules.Problems("src/A/" + file, text), problem => problem.Contains(expected, StringComparison.Ordinal));

    [Fact]
    public void Rules_RefuseALongFile() =>
        Assert.Contains(SourceRules.Problems("src/A/Thing.cs", string.Concat(Enumerable.Repeat("//\n", 401))), problem => problem.Contains("found 401", StringComparison.Ordinal));

    [Fact]
    public void Rules_AcceptACatchWithAFilter() =>
        Assert.Empty(SourceRules.Problems("src/A/Thing.cs", "try { } catch (Exception e) when (e is IOException) { }"));
}
