using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text;

namespace MambaQuant.Silo.Configuration;

/// <summary>The silo's arguments: an option for every setting, such as <c>--exit-when-idle 60</c>.</summary>
internal static class SiloArguments
{
    /// <summary>What is set on the command line, as keys of the configuration.</summary>
    /// <param name="arguments">The arguments.</param>
    /// <param name="settings">Keys and values; empty where the arguments ask for help or are wrong.</param>
    /// <returns>Null to go on; else the exit code of a program that has said what there is to say.</returns>
    public static int? Parse(string[] arguments, out Dictionary<string, string?> settings)
    {
        settings = [];
        var root = new RootCommand("A member of a MambaQuant cluster: offers its processors or GPUs to the jobs that clients submit.");
        Dictionary<string, Option<string?>> options = SiloSettings.Known.ToDictionary(setting => setting.Name, OptionOf);
        foreach (Option option in options.Values)
        {
            root.Options.Add(option);
        }

        ParseResult parse = root.Parse(arguments);
        if (parse.Errors.Count > 0)
        {
            foreach (ParseError problem in parse.Errors)
            {
                Console.Error.WriteLine($"error: {problem.Message}");
            }

            Console.Error.WriteLine("see: mambaquant-silo --help");
            return SiloExitCodes.Configuration;
        }

        if (parse.Action is not null)
        {
            return parse.Invoke();
        }

        foreach ((string name, Option<string?> option) in options)
        {
            if (parse.GetValue(option) is { } value)
            {
                settings[$"{SiloSettings.Section}:{name}"] = value;
            }
        }

        return null;
    }

    private static Option<string?> OptionOf((string Name, string Purpose, string Default) setting) => new($"--{Kebab(setting.Name)}")
    {
        Description = $"{char.ToUpperInvariant(setting.Purpose[0])}{setting.Purpose[1..]}. [default: {setting.Default}]",
        HelpName = "VALUE",
    };

    private static string Kebab(string name)
    {
        var text = new StringBuilder();
        foreach (char letter in name)
        {
            if (char.IsAsciiLetterUpper(letter) && text.Length > 0)
            {
                text.Append('-');
            }

            text.Append(char.ToLowerInvariant(letter));
        }

        return text.ToString();
    }
}
