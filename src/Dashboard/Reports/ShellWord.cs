namespace MambaQuant.Dashboard.Reports;

/// <summary>Words of a command that a person pastes into a shell.</summary>
public static class ShellWord
{
    /// <summary>A word as a shell reads it back: quoted where it holds anything but letters of names and paths.</summary>
    /// <param name="word">The word.</param>
    public static string Quote(string word)
    {
        ArgumentNullException.ThrowIfNull(word);
        if (word.Any(char.IsControl))
        {
            return $"$'{string.Concat(word.Select(Escaped))}'";
        }

        return word.Length > 0 && word.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.' or '/' or ':' or ',' or '=' or '+')
            ? word
            : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
    }

    /// <summary>A letter between the quotes of bash that know escapes: a page cannot hold controls.</summary>
    private static string Escaped(char letter) => letter switch
    {
        '\\' or '\'' => $"\\{letter}",
        '\t' => "\\t",
        '\n' => "\\n",
        '\r' => "\\r",
        _ when char.IsControl(letter) => $"\\u{(int)letter:x4}",
        _ => letter.ToString(),
    };
}
