using MambaQuant.Client.Failures;
using MambaQuant.Client.Submitting;
using MambaQuant.Grains.Connecting;
using MambaQuant.Pipeline.Artifacts;

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

    /// <summary>A link to the cluster that settings name: of the silos that have the store of this command.</summary>
    /// <param name="settings">Texts.</param>
    /// <param name="store">The store; opened when the cluster is first called.</param>
    /// <param name="context">The clock.</param>
    /// <exception cref="UsageException">Something is wrong; the message has all of it.</exception>
    public static ClusterLink Link(ClusterSettings settings, Lazy<IArtifactStore> store, CommandContext context)
    {
        ClusterAddress address = Read(settings);
        return new ClusterLink(
            Describe(address),
            async cancellation => await ClusterClient.ConnectAsync(address with { StoreId = await StoreIdentity.OfAsync(store.Value, cancellation) }, cancellation),
            context.Time);
    }

    /// <summary>The cluster for people, without a secret.</summary>
    /// <param name="address">The cluster.</param>
    public static string Describe(ClusterAddress address) =>
        $"cluster '{address.ClusterId}' ({(address.Clustering == ClusteringKind.Redis ? "in Redis" : $"at {string.Join(", ", address.Gateways)}")})";
}
