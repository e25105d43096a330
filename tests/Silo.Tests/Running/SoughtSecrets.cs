using System.Text;
using MambaQuant.Grains.Contracts;
using MambaQuant.Pipeline.Artifacts;
using Xunit;

namespace MambaQuant.Silo.Tests.Running;

/// <summary>Looks for secrets in everything that a cluster leaves.</summary>
internal static class SoughtSecrets
{
    private const int LeastArtifacts = 50;

    /// <summary>No secret stands in an artifact, plan, request, journal or view, nor in anything that a silo printed.</summary>
    /// <param name="cluster">The cluster.</param>
    /// <param name="view">A job of it.</param>
    /// <param name="secrets">The secrets.</param>
    public static async Task AssertAbsentAsync(RealCluster cluster, JobView view, params string[] secrets)
    {
        AssertAbsent("a view", RealCluster.Tell(view) + view.Store, secrets);
        foreach (SiloProcess silo in cluster.Silos)
        {
            AssertAbsent($"what {silo.Name} printed", silo.Printed, secrets);
        }

        byte[][] sought = [.. secrets.Select(Encoding.UTF8.GetBytes)];
        int looked = 0;
        await foreach (ArtifactInfo found in cluster.Store.ListAsync("", CancellationToken.None))
        {
            using var content = new MemoryStream();
            await using Stream stream = await cluster.Store.OpenReadAsync(found.Name, 0, null, CancellationToken.None);
            await stream.CopyToAsync(content);
            Assert.All(sought, secret => Assert.True(content.ToArray().AsSpan().IndexOf(secret) < 0, $"{found.Name} has a secret in it"));
            looked++;
        }

        Assert.True(looked > LeastArtifacts, $"only {looked} artifacts were looked at");
    }

    /// <summary>No secret stands in a text.</summary>
    /// <param name="what">The text for people.</param>
    /// <param name="text">The text.</param>
    /// <param name="secrets">The secrets.</param>
    public static void AssertAbsent(string what, string text, params string[] secrets) =>
        Assert.All(secrets, secret => Assert.False(text.Contains(secret, StringComparison.Ordinal), $"{what} has a secret in it: …{Around(text, secret)}…"));

    private static string Around(string text, string secret)
    {
        int at = Math.Max(0, text.IndexOf(secret, StringComparison.Ordinal));
        return text[Math.Max(0, at - 200)..at];
    }
}
