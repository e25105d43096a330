using System.Net;
using MambaQuant.Grains.Connecting;
using MambaQuant.Grains.Contracts;
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
    public async Task Silos_WithCertificatesSpeakToThoseOfTheirAuthorityOnly()
    {
        using RedisServer redis = RedisServer.Start();
        using var authority = new TestCertificates(_folder.Path);
        using var stranger = new TestCertificates(_folder.Path, "stranger");
        string[] shared = ["--store", _folder.File("store"), "--clustering", "Redis", "--redis", redis.ConnectionString];
        using var first = new SiloProcess("first", [.. shared, .. Tls(authority, "first")]);
        using var second = new SiloProcess("second", [.. shared, .. Tls(authority, "second")]);
        await Task.WhenAll(first.WaitUntilReadyAsync(), second.WaitUntilReadyAsync());

        (string certificate, string key) = authority.Issue("client");
        using (ClusterCertificates own = ClusterCertificates.Read(certificate, key, authority.AuthorityPath))
        {
            Assert.Empty(await JobsAsync(redis, own));
        }

        (certificate, key) = stranger.Issue("intruder");
        using ClusterCertificates others = ClusterCertificates.Read(certificate, key, authority.AuthorityPath);
        await Assert.ThrowsAnyAsync<Exception>(() => JobsAsync(redis, others));
        await Assert.ThrowsAnyAsync<Exception>(() => JobsAsync(redis, certificates: null));
    }

    private static string[] Tls(TestCertificates authority, string name)
    {
        (string certificate, string key) = authority.Issue(name);
        return ["--tls-certificate", certificate, "--tls-key", key, "--tls-authority", authority.AuthorityPath];
    }

    private static async Task<IReadOnlyList<JobSummary>> JobsAsync(RedisServer redis, ClusterCertificates? certificates)
    {
        using IHost host = new HostBuilder().UseOrleansClient(client => client.JoinCluster(
            new ClusterAddress { Clustering = ClusteringKind.Redis, Redis = redis.ConnectionString, Certificates = certificates })).Build();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await host.StartAsync(limit.Token);
        return await host.Services.GetRequiredService<IClusterClient>().GetGrain<IJobDirectoryGrain>(0).ListAsync().WaitAsync(limit.Token);
    }
}
