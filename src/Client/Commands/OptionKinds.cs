using System.CommandLine;
using System.Numerics;

namespace MambaQuant.Client.Commands;

/// <summary>Kinds of options, each with one wording for a value that is wrong.</summary>
internal static class OptionKinds
{
    /// <summary>An option with a few words to choose from.</summary>
    /// <typeparam name="T">Type of the values.</typeparam>
    /// <param name="name">Its name, with dashes.</param>
    /// <param name="description">For the help.</param>
    /// <param name="choices">Words and what they mean; the first is the default, and means the type's default value.</param>
    public static Option<T> Choice<T>(string name, string description, params (string Word, T Value)[] choices)
    {
        string words = string.Join("|", choices.Select(choice => choice.Word));
        return new Option<T>(name)
        {
            Description = $"{description} [default: {choices[0].Word}]",
            HelpName = words,
            CustomParser = result =>
            {
                string word = result.Tokens[0].Value;
                int index = Array.FindIndex(choices, choice => choice.Word == word);
                if (index >= 0)
                {
                    return choices[index].Value;
                }

                result.AddError($"{name} must be {string.Join(" or ", choices.Select(choice => choice.Word))}, found '{word}'");
                return default;
            },
        };
    }

    /// <summary>An option with a number.</summary>
    /// <typeparam name="T">Type of the number.</typeparam>
    /// <param name="name">Its name, with dashes.</param>
    /// <param name="description">For the help.</param>
    /// <param name="fallback">The value when the option is not given.</param>
    /// <param name="minimum">The smallest value allowed.</param>
    /// <param name="maximum">The largest value allowed; null for none.</param>
    public static Option<T> Number<T>(string name, string description, T fallback, T minimum, T? maximum = null)
        where T : struct, INumber<T>
    {
        string range = maximum is null ? $"of at least {minimum}" : $"from {minimum} to {maximum}";
        string kind = T.IsInteger(T.One / (T.One + T.One)) ? "a whole number" : "a number";
        return new Option<T>(name)
        {
            Description = description,
            HelpName = "N",
            DefaultValueFactory = _ => fallback,
            CustomParser = result =>
            {
                string text = result.Tokens[0].Value;
                if (T.TryParse(text, provider: null, out T value) && value >= minimum && (maximum is null || value <= maximum))
                {
                    return value;
                }

                result.AddError($"{name} must be {kind} {range}, found '{text}'");
                return default;
            },
        };
    }

    /// <summary>An option with a whole number that may be left out.</summary>
    /// <param name="name">Its name, with dashes.</param>
    /// <param name="description">For the help, with what holds when it is left out.</param>
    /// <param name="minimum">The smallest value allowed.</param>
    public static Option<int?> Optional(string name, string description, int minimum) => new(name)
    {
        Description = description,
        HelpName = "N",
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (int.TryParse(text, provider: null, out int value) && value >= minimum)
            {
                return value;
            }

            result.AddError($"{name} must be a whole number of at least {minimum}, found '{text}'");
            return null;
        },
    };
}
