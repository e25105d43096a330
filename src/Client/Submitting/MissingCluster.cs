namespace MambaQuant.Client.Submitting;

/// <summary>What a build without the cluster says of its verbs.</summary>
internal static class MissingCluster
{
    /// <summary>Says it.</summary>
    /// <param name="command">What was asked for, such as "submit".</param>
    /// <param name="context">Where to.</param>
    /// <returns>The exit code.</returns>
    public static int Report(string command, CommandContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        context.Error.WriteLine(
            $"error: this build has no cluster, so it cannot '{command}': it was made with -p:Cluster=false, or its package feed has no Orleans.\n"
            + "With a feed that has Orleans './mambaquant' builds the cluster on its first use, and 'dotnet build src/Client' does at any time (delete artifacts/cluster to ask the feed again).\n"
            + "On one machine 'quantize' does the same work without it, and makes the same files.");
        return ExitCodes.NoCluster;
    }
}
