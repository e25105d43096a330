using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Quant.Recipes;

namespace MambaQuant.Pipeline.Local;

/// <summary>Everything that decides the bytes of a run, by name: what an interrupted run and the one that is to continue it have to agree in.</summary>
internal sealed class RunFacts
{
    private readonly ImmutableSortedDictionary<string, string> _facts;

    private RunFacts(ImmutableSortedDictionary<string, string> facts)
    {
        _facts = facts;
    }

    /// <summary>The facts of a run.</summary>
    /// <param name="requests">Its jobs, at least one; they differ in their recipes only.</param>
    public static RunFacts Of(IReadOnlyList<PlanRequest> requests)
    {
        PlanRequest first = requests[0];
        CalibrationIdentity calibration = first.Calibration;
        var facts = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["calibration source"] = calibration.Source,
            ["calibration text"] = calibration.Text ?? calibration.Tokens ?? "none",
            ["tokenizer of the calibration"] = calibration.Tokenizer ?? "none",
            ["samples"] = Number(calibration.Samples),
            ["sequence length"] = Number(calibration.SequenceLength),
            ["samples of a search"] = Number(calibration.SearchSamples),
            ["seed"] = calibration.Seed.ToString(CultureInfo.InvariantCulture),
            ["blocks"] = first.Options.Blocks is { } blocks ? Number(blocks) : "chosen",
            ["shards"] = first.Options.Shards is { } shards ? Number(shards) : "chosen",
            ["numerics profile"] = first.Profile,
        };
        foreach ((string file, string hash) in first.Model.Files.Concat(first.Model.Companions))
        {
            facts[$"model file {file}"] = hash;
        }

        foreach (WorkKind kind in Enum.GetValues<WorkKind>())
        {
            facts[$"algorithm version of {kind}"] = Number(first.Versions.Of(kind));
        }

        for (int index = 0; index < requests.Count; index++)
        {
            facts[$"recipe {index + 1} ({requests[index].Recipe.Name})"] = RecipeWriter.Write(requests[index].Recipe);
        }

        return new RunFacts(facts.ToImmutableSortedDictionary(StringComparer.Ordinal));
    }

    /// <summary>Reads what <see cref="ToJson"/> made.</summary>
    /// <param name="json">The bytes.</param>
    /// <exception cref="JsonException">They are no facts of a run.</exception>
    public static RunFacts FromJson(ReadOnlySpan<byte> json) => new(
        JsonSerializer.Deserialize(json, RunFactsJson.Default.ImmutableSortedDictionaryStringString)?.WithComparers(StringComparer.Ordinal)
        ?? throw new JsonException("expected the facts of a run, found null"));

    /// <summary>The facts as JSON.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(_facts, RunFactsJson.Default.ImmutableSortedDictionaryStringString);

    /// <summary>What this run has otherwise than another.</summary>
    /// <param name="other">The other run, which was there before.</param>
    /// <returns>"name: that run has …, this one …", in ordinal order; empty where they agree.</returns>
    public IReadOnlyList<string> DifferencesTo(RunFacts other) =>
    [
        .. _facts.Keys.Union(other._facts.Keys).Order(StringComparer.Ordinal)
            .Select(name => (Name: name, Then: other._facts.GetValueOrDefault(name), Now: _facts.GetValueOrDefault(name)))
            .Where(fact => fact.Then != fact.Now)
            .Select(fact => Difference(fact.Name, fact.Then, fact.Now)),
    ];

    /// <summary>Of texts of several lines the first that differs.</summary>
    private static string Difference(string name, string? then, string? now)
    {
        if (then is null || now is null)
        {
            return $"{name}: only {(then is null ? "this run" : "that run")} has it";
        }

        string[] before = then.Split('\n'), after = now.Split('\n');
        int line = 0;
        while (line < Math.Min(before.Length, after.Length) - 1 && before[line] == after[line])
        {
            line++;
        }

        string where = before.Length > 1 ? $" (line {line + 1})" : string.Empty;
        return $"{name}{where}: that run has '{before[line].Trim()}', this one '{after[line].Trim()}'";
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
