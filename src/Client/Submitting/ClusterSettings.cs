using System.Collections.Immutable;
using MambaQuant.Client.Failures;
using MambaQuant.Dashboard.Reports;

namespace MambaQuant.Client.Submitting;

/// <summary>What a command line and its environment say of a cluster, as texts: those of a silo's settings, under their names.</summary>
/// <param name="Options">What options say, by the setting's name.</param>
/// <param name="Environment">Values of environment variables.</param>
internal sealed record ClusterSettings(ImmutableDictionary<string, string> Options, Func<string, string?> Environment)
{
    /// <summary>The value of a setting; null where it is not set.</summary>
    /// <param name="name">Its name, such as "Redis".</param>
    public string? Find(string name) => Options.GetValueOrDefault(name) ?? (Environment(VariableOf(name)) is { Length: > 0 } value ? value : null);

    /// <summary>The store.</summary>
    /// <exception cref="UsageException">None is named.</exception>
    public string RequireStore() => Find("Store")
        ?? throw new UsageException($"the store of the cluster is missing: name it with --store or in {VariableOf("Store")}; it has to be the one that the silos have");

    /// <summary>The environment variable of a setting, for clients and silos.</summary>
    /// <param name="name">The setting's name.</param>
    public static string VariableOf(string name) => $"MambaQuant__{name}";

    /// <summary>The option of a setting.</summary>
    /// <param name="name">The setting's name.</param>
    public static string OptionOf(string name) => "--" + string.Concat(name.Select((letter, index) => $"{(char.IsAsciiLetterUpper(letter) && index > 0 ? "-" : "")}{char.ToLowerInvariant(letter)}"));

    /// <summary>Where a setting was read, for messages.</summary>
    /// <param name="name">The setting's name.</param>
    public string SourceOf(string name) => Options.ContainsKey(name) || Environment(VariableOf(name)) is not { Length: > 0 } ? OptionOf(name) : VariableOf(name);

    /// <summary>The options of this command line for another verb, without what may be a secret.</summary>
    /// <returns>Options with a space before each, "" where everything is in the environment.</returns>
    public string Repeat() => string.Concat(Options.OrderBy(option => option.Key, StringComparer.Ordinal).Select(option => option.Key switch
    {
        "Gateway" => string.Concat(option.Value.Split(',').Select(gateway => $" --gateway {gateway}")),
        _ => $" {OptionOf(option.Key)} {(MayBeSecret(option.Value) ? "…" : ShellWord.Quote(option.Value))}",
    }));

    // A connection string has options behind commas or semicolons, a signed address its signature behind a question mark.
    private static bool MayBeSecret(string text) => text.IndexOfAny([',', ';', '?', '=', '@']) >= 0;
}
