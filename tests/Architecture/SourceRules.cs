using System.Text.RegularExpressions;

namespace MambaQuant.Architecture;

/// <summary>House rules that a look at one source file can judge.</summary>
internal static partial class SourceRules
{
    private const int MostLines = 400;

    /// <summary>What is wrong with a source; empty where nothing is.</summary>
    /// <param name="path">Its path relative to the repository.</param>
    /// <param name="text">Its text.</param>
    public static IEnumerable<string> Problems(string path, string text)
    {
        string file = Path.GetFileName(path);
        string[] types = [.. TypeLine().Matches(text).Select(match => match.Groups[1].Value).Distinct()];
        if (types.Length > 1)
        {
            yield return $"{path}: one type per file, found {string.Join(" and ", types)}";
        }
        else if (types is [string type] && file != $"{type}.cs" && !(file.StartsWith($"{type}.", StringComparison.Ordinal) && PartialLine().IsMatch(text)))
        {
            yield return $"{path}: a file is named as its type, found {type}";
        }

        int lines = text.AsSpan().Count('\n');
        if (lines > MostLines)
        {
            yield return $"{path}: at most {MostLines} lines, found {lines}; split it";
        }

        if (BlockNamespace().IsMatch(text))
        {
            yield return $"{path}: namespaces are file-scoped";
        }

        foreach (Match match in Unwanted().Matches(text))
        {
            yield return $"{path}: found '{match.Value.Trim()}'";
        }

        foreach (string typeName in types.Where(name => VagueName().IsMatch(name)))
        {
            yield return $"{path}: '{typeName}' says nothing; name what it does";
        }
    }

    // Top-level types stand in the first column: namespaces are file-scoped and formatting is checked.
    [GeneratedRegex(@"^(?:(?:public|internal|file|static|sealed|abstract|partial|readonly|ref|unsafe)\s+)*(?:class|struct|record\s+struct|record\s+class|record|interface|enum|delegate\s+\S+)\s+(\w+)", RegexOptions.Multiline)]
    private static partial Regex TypeLine();

    [GeneratedRegex(@"^[\w\s]*\bpartial\s", RegexOptions.Multiline)]
    private static partial Regex PartialLine();

    [GeneratedRegex(@"^namespace\s+[\w.]+\s*\{", RegexOptions.Multiline)]
    private static partial Regex BlockNamespace();

    [GeneratedRegex(@"^\s*#region.*$|\bTO" + @"DO\b|\bFIX" + @"ME\b|Thread\.Sl" + @"eep|\bcatch\s*(?:\(Exception(?:\s+\w+)?\)\s*)?\{", RegexOptions.Multiline)]
    private static partial Regex Unwanted();

    [GeneratedRegex("(?:Helper|Helpers|Manager|Util|Utils|Utilities|Common)$")]
    private static partial Regex VagueName();
}
