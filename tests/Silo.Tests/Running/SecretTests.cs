using Azure.Storage.Blobs;
using Azure.Storage.Sas;
using MambaQuant.Client;
using MambaQuant.Grains.Contracts;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Storage;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Silo.Tests.Running;

/// <summary>A cluster whose store is named by a signed address, and whose Redis has a password; neither is ever told to anybody.</summary>
[Collection(nameof(RealProcesses))]
public sealed class SecretTests(RealJob job)
{
    private const string Password = "a-password-9f41c2d7";

    [RedisAndAzuriteFact]
    public async Task NoSecret_StandsInAnythingThatAClusterJobLeaves()
    {
        using var folder = new TemporaryDirectory();
        using AzuriteServer azurite = AzuriteServer.Start(folder: null);
        (string address, string[] signature) = await SignedAsync(azurite);
        string[] secrets = [AzuriteServer.AccountKey, Password, .. signature];
        await using RealCluster cluster = await RealCluster.StartAsync(2, address, password: Password);
        string[] reach = ["--store", address, "--redis", cluster.Redis.ConnectionString];
        string output = folder.File("out");

        (int code, string told) = Run(["submit", job.ModelPath, "--preset", "smoothquant", "--samples", "4", "--seq-len", "16", "--wait", "--out", output, .. reach]);
        Assert.True(code == 0, told);
        SoughtSecrets.AssertAbsent("what submit printed", told, secrets);
        SoughtSecrets.AssertAbsent("run.json", await File.ReadAllTextAsync(Path.Combine(output, "run.json")), secrets);
        Assert.All(Directory.GetFiles(output, "*.json"), file => SoughtSecrets.AssertAbsent(file, File.ReadAllText(file), secrets));
        foreach (string[] verb in (string[][])[["jobs", "list"], ["jobs", "list", "--format", "json"]])
        {
            SoughtSecrets.AssertAbsent(string.Join(' ', verb), Run([.. verb, .. reach]).Told, secrets);
        }

        // The store's signature is wrong, and Redis is away: errors name neither.
        string forged = address.Replace("&sig=", "&sig=a", StringComparison.Ordinal);
        (int refused, told) = Run(["jobs", "list", "--store", forged, "--redis", cluster.Redis.ConnectionString]);
        Assert.NotEqual(0, refused);
        SoughtSecrets.AssertAbsent("what a forged signature makes jobs print", told, secrets);
        WorkPlan plan = await job.PutAsync(cluster.Store, seed: 5, size: 4);
        await cluster.SubmitAsync(plan);
        await cluster.WatchAsync(plan, view => view.Made > 2);
        cluster.Redis.Restart();
        (_, JobView view) = await cluster.FinishAsync(plan, seconds: 240);
        cluster.Redis.Dispose();
        (int lost, told) = Run(["jobs", "list", .. reach]);
        Assert.NotEqual(0, lost);
        SoughtSecrets.AssertAbsent("what jobs prints without Redis", told, secrets);
        Assert.NotEqual(SiloExitCodes.Success, cluster.Add().Process.WaitForEnd(TimeSpan.FromSeconds(90)));
        await SoughtSecrets.AssertAbsentAsync(cluster, view, secrets);
    }

    /// <summary>An address that anybody may use who has it.</summary>
    /// <returns>The address, and its signature as it stands there and as it is meant.</returns>
    private static async Task<(string Address, string[] Signature)> SignedAsync(AzuriteServer azurite)
    {
        // A signature for a container does not allow to make it: whoever gives it away has done so.
        await ArtifactStores.OpenOrCreateAsync(azurite.ConnectionString() + "Container=jobs", CancellationToken.None);
        var container = new BlobContainerClient(azurite.ConnectionString(), "jobs");
        Uri signed = container.GenerateSasUri(BlobContainerSasPermissions.All, DateTimeOffset.UtcNow.AddHours(1));
        string signature = signed.Query.TrimStart('?').Split('&').Single(part => part.StartsWith("sig=", StringComparison.Ordinal))["sig=".Length..];
        return (signed.AbsoluteUri, [signature, Uri.UnescapeDataString(signature)]);
    }

    private static (int Code, string Told) Run(string[] arguments)
    {
        using StringWriter told = new() { NewLine = "\n" };
        TextWriter both = TextWriter.Synchronized(told);
        int code = CommandLine.Run(arguments, new CommandContext { Output = both, Error = both, Time = TimeProvider.System, ShowTraces = true });
        return (code, told.ToString());
    }
}
