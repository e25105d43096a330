using System.Globalization;
using System.Net;
using MambaQuant.Grains.Connecting;
using MambaQuant.Grains.Contracts;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace MambaQuant.Silo.Tests.Running;

[Collection(nameof(RealProcesses))]
public sealed class SiloProcessTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [RedisFact]
    public async Task Silo_BecomesReadyAndStopsWhenAsked()
    {
        using RedisServer redis = RedisServer.Start();
        using var silo = new SiloProcess("one", "--store", _folder.File("store"), "--clustering", "Redis", "--redis", redis.ConnectionString);
        await silo.WaitUntilReadyAsync();

        await silo.Process.UntilPrintedAsync($"slots 1, store {_folder.File("store")}, cluster ", TimeSpan.FromSeconds(60));
        Assert.Equal(HttpStatusCode.OK, await silo.HealthAsync("startup"));
        Assert.Equal(HttpStatusCode.OK, await silo.HealthAsync("live"));
        silo.Process.Signal("TERM");

        Assert.Equal(SiloExitCodes.Success, silo.Process.WaitForEnd(TimeSpan.FromSeconds(40)));
    }

    [Fact]
    public void Silo_WithWrongSettingsSaysAllOfThemAndEnds()
    {
        using var silo = new SiloProcess("one", "--slots", "many", "--clustering", "Redis");

        Assert.Equal(SiloExitCodes.Configuration, silo.Process.WaitForEnd(TimeSpan.FromSeconds(30)));
        Assert.Contains("MambaQuant:Slots", silo.Printed, StringComparison.Ordinal);
        Assert.Contains("MambaQuant:Redis", silo.Printed, StringComparison.Ordinal);
        Assert.Contains("MambaQuant:Store", silo.Printed, StringComparison.Ordinal);
    }

    [RedisFact]
    public async Task Silo_OnPortsThatAreTakenEndsAndTheFirstOneRunsOn()
    {
        using RedisServer redis = RedisServer.Start();
        string[] shared = ["--store", _folder.File("store"), "--redis", redis.ConnectionString];
        using var first = new SiloProcess("first", [.. shared, "--scratch", _folder.File("first")]);
        await first.WaitUntilReadyAsync();
        using SiloProcess second = first.Twin("second", [.. shared, "--scratch", _folder.File("second")]);

        Assert.Equal(SiloExitCodes.Surroundings, second.Process.WaitForEnd(TimeSpan.FromSeconds(30)));
        Assert.All((string[])["SiloPort", "GatewayPort", "HealthPort", "--silo-port"], word => Assert.Contains(word, second.Printed, StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.OK, await first.HealthAsync("ready"));
        Assert.Empty(await JobsAsync(redis, certificates: null));
        first.Process.Signal("TERM");
        Assert.Equal(SiloExitCodes.Success, first.Process.WaitForEnd(TimeSpan.FromSeconds(40)));
    }

    [Fact]
    public async Task Silo_OfAnotherStoreThanTheFirstOneSaysSoAndEnds_AndOneOfTheSameJoins()
    {
        int[] ports = FreePort.Find(3);
        string[] shared = ["--clustering", "Localhost", "--primary-silo", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{ports[0]}")];
        using var first = new SiloProcess("first", ports, [.. shared, "--store", _folder.File("store"), "--scratch", _folder.File("first")]);
        await first.WaitUntilReadyAsync();
        using var stranger = new SiloProcess("stranger", [.. shared, "--store", _folder.File("another-store"), "--scratch", _folder.File("stranger")]);
        using var second = new SiloProcess("second", [.. shared, "--store", _folder.File("store"), "--scratch", _folder.File("second")]);

        // Orleans alone tries for two minutes.
        Assert.Equal(SiloExitCodes.Surroundings, stranger.Process.WaitForEnd(TimeSpan.FromSeconds(60)));
        Assert.Contains("is of another cluster", stranger.Printed, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", stranger.Printed, StringComparison.Ordinal);
        await second.WaitUntilReadyAsync();
    }

    [RedisFact]
    public async Task Silo_WhoseScratchFolderIsAnothersEnds()
    {
        using RedisServer redis = RedisServer.Start();
        string[] shared = ["--store", _folder.File("store"), "--redis", redis.ConnectionString, "--scratch", _folder.File("scratch")];
        using var first = new SiloProcess("first", shared);
        await first.WaitUntilReadyAsync();
        using var second = new SiloProcess("second", shared);

        Assert.Equal(SiloExitCodes.Surroundings, second.Process.WaitForEnd(TimeSpan.FromSeconds(60)));
        Assert.Contains("--scratch", second.Printed, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, await first.HealthAsync("ready"));
    }

    [Fact]
    public void Silo_WithoutItsRedisSaysSoAndEnds()
    {
        // Nobody said --clustering: who names a Redis means it.
        int port = FreePort.Find(1)[0];
        string redis = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port},connectTimeout=500,connectRetry=1");
        using var silo = new SiloProcess("one", "--store", _folder.File("store"), "--scratch", _folder.File("scratch"), "--redis", redis);

        Assert.Equal(SiloExitCodes.Surroundings, silo.Process.WaitForEnd(TimeSpan.FromSeconds(60)));
        Assert.StartsWith("error: Redis, where the cluster keeps its table of members, cannot be used", silo.Printed, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", silo.Printed, StringComparison.Ordinal);
    }

    [RedisFact]
    public async Task Silo_ThatWaitsForWorkAndIsToldToStopSaysSo()
    {
        using RedisServer redis = RedisServer.Start();
        using var silo = new SiloProcess(
            "one", "--store", _folder.File("store"), "--scratch", _folder.File("scratch"), "--redis", redis.ConnectionString, "--exit-when-idle", "600");
        await silo.WaitUntilReadyAsync();
        silo.Process.Signal("TERM");

        Assert.Equal(SiloExitCodes.Interrupted, silo.Process.WaitForEnd(TimeSpan.FromSeconds(40)));
    }

    [RedisFact]
    public async Task Silos_WithCertificatesSpeakToThoseOfTheirAuthorityOnly()
    {
        using RedisServer redis = RedisServer.Start();
        using var authority = new TestCertificates(_folder.Path);
        using var stranger = new TestCertificates(_folder.Path, "stranger");
        string[] shared = ["--store", _folder.File("store"), "--clustering", "Redis", "--redis", redis.ConnectionString];
        using var first = new SiloProcess("first", [.. shared, .. Tls(authority, "first")]);
        using var second = new SiloProcess("second", [.. shared, .. Tls(authority, "second")]);
        await Task.WhenAll(first.WaitUntilReadyAsync(), second.WaitUntilReadyAsync());

        await first.Process.UntilPrintedAsync("the certificate of this silo ends at ", TimeSpan.FromSeconds(60)); // in ten days
        (string certificate, string key) = authority.Issue("client");
        using (ClusterCertificates own = ClusterCertificates.Read(certificate, key, authority.AuthorityPath))
        {
            Assert.Empty(await JobsAsync(redis, own));
        }

        (certificate, key) = stranger.Issue("intruder");
        using ClusterCertificates others = ClusterCertificates.Read(certificate, key, authority.AuthorityPath);
        await Task.WhenAll(
            Assert.ThrowsAnyAsync<Exception>(() => JobsAsync(redis, others, seconds: 6)),
            Assert.ThrowsAnyAsync<Exception>(() => JobsAsync(redis, certificates: null, seconds: 6)));
    }

    private static string[] Tls(TestCertificates authority, string name)
    {
        (string certificate, string key) = authority.Issue(name);
        return ["--tls-certificate", certificate, "--tls-key", key, "--tls-authority", authority.AuthorityPath];
    }

    private async Task<IReadOnlyList<JobSummary>> JobsAsync(RedisServer redis, ClusterCertificates? certificates, int seconds = 20)
    {
        string identity = await StoreIdentity.OfAsync(DirectoryArtifactStore.Open(_folder.File("store")), CancellationToken.None);
        using IHost host = new HostBuilder().UseOrleansClient(client => client.JoinCluster(
            new ClusterAddress { Clustering = ClusteringKind.Redis, Redis = redis.ConnectionString, StoreId = identity, Certificates = certificates })).Build();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        await host.StartAsync(limit.Token);
        return await host.Services.GetRequiredService<IClusterClient>().GetGrain<IJobDirectoryGrain>(0).ListAsync().WaitAsync(limit.Token);
    }
}
