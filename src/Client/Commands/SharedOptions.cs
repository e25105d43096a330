using System.CommandLine;
using MambaQuant.Client.Planning;

namespace MambaQuant.Client.Commands;

/// <summary>Options that several verbs have, made anew for each, so that all say the same.</summary>
internal static class SharedOptions
{
    /// <summary>What stdout carries.</summary>
    public static Option<OutputFormat> Format() => OptionKinds.Choice(
        "--format", "What stdout carries: text for people, or one JSON document.", ("text", OutputFormat.Text), ("json", OutputFormat.Json));

    /// <summary>Threads.</summary>
    public static Option<int> Workers() =>
        OptionKinds.Number("--workers", "Threads, one per processor unless given; the result does not depend on it.", Environment.ProcessorCount, minimum: 1);

    /// <summary>Tokens of one window of an evaluation.</summary>
    public static Option<int> Window() =>
        OptionKinds.Number("--window", "Tokens of an evaluation window; every token but a window's first is scored.", 512, minimum: 2);

    /// <summary>The seed of every random choice.</summary>
    public static Option<ulong> Seed() => OptionKinds.Number("--seed", "Seed of every random choice.", 0UL, minimum: 0UL);

    /// <summary>The device of a worker.</summary>
    /// <param name="fallback">The device when the option is not given.</param>
    public static Option<string> Device(string fallback) => new("--device")
    {
        Description = $"What a worker computes with: {string.Join(", ", CostModel.DeviceNames)}; '{CostModel.Here}' is a machine like this one.",
        HelpName = "NAME",
        DefaultValueFactory = _ => fallback,
    };

    /// <summary>Whether the cluster is asked in place of a store.</summary>
    public static Option<bool> AsksCluster() => new("--cluster") { Description = "Ask the cluster in place of its store; also where --clustering, --redis or --gateway is given." };

    /// <summary>A store that is there.</summary>
    public static Option<string> Store() => new("--store")
    {
        Description = "The store: a folder, an https address of a blob container, a connection string, or env:NAME for one in an environment variable.",
        HelpName = "DIR|URI",
        Required = true,
    };
}
