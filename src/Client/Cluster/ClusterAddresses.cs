using MambaQuant.Client.Failures;
using MambaQuant.Client.Submitting;
using MambaQuant.Grains.Connecting;

namespace MambaQuant.Client.Cluster;

/// <summary>From what a command line says to a cluster that can be reached.</summary>
internal static class ClusterAddresses
{
    /// <summary>Reads the address.</summary>
    /// <param name="settings">Texts.</param>
    /// <exception cref="UsageException">Something is wrong; the message has all of it.</exception>
    public static ClusterAddress Read(ClusterSettings settings)
    {
        var problems = new List<string>();
        ClusterAddress address = new ClusterAddressReader(settings.Find, (name, problem) => problems.Add($"{settings.SourceOf(name)}: {problem}")).Read();
        return problems.Count == 0 ? address : throw new UsageException(string.Join('\n', problems));
    }

    /// <summary>A link to the cluster that settings name.</summary>
    /// <param name="settings">Texts.</param>
    /// <param name="context">The clock.</param>
    /// <exception cref="UsageException">Something is wrong; the message has all of it.</exception>
    public static ClusterLink Link(ClusterSettings settings, CommandContext context)
    {
        ClusterAddress address = Read(settings);
        return new ClusterLink(Describe(address), cancellation => ClusterClient.ConnectAsync(address, cancellation), context.Time);
    }

    /// <summary>The cluster for people, without a secret.</summary>
    /// <param name="address">The cluster.</param>
    public static string Describe(ClusterAddress address) =>
        $"cluster '{address.ClusterId}' ({(address.Clustering == ClusteringKind.Redis ? "in Redis" : $"at {string.Join(", ", address.Gateways)}")})";
}
