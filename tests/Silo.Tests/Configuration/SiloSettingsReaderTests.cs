using System.Net;
using MambaQuant.Dashboard.Hosting;
using MambaQuant.Grains.Connecting;
using MambaQuant.Silo.Configuration;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace MambaQuant.Silo.Tests.Configuration;

public sealed class SiloSettingsReaderTests
{
    [Fact]
    public void Store_AloneIsEnough()
    {
        SiloConfiguration read = Read(("Store", "/data/store"));

        Assert.Equal("/data/store", read.Store);
        Assert.Equal(1, read.Slots);
        Assert.Equal(ClusteringKind.Localhost, read.Cluster.Clustering);
        Assert.Equal(IPAddress.Loopback, read.Endpoint.Advertised);
        Assert.False(read.Endpoint.ListensOnAny);
        Assert.Equal(TimeSpan.FromSeconds(15), read.Lease);
        Assert.Null(read.ExitWhenIdle);
    }

    [Fact]
    public void Problems_AreToldAllAtOnce()
    {
        InvalidSiloConfigurationException fault = Assert.Throws<InvalidSiloConfigurationException>(() => Read(
            ("Slots", "-1"), ("Lease", "2"), ("Heartbeat", "1"), ("Clustering", "zookeeper"), ("SlotMemory", "8q"), ("AdvertisedAddress", "here"), ("TlsKey", "key.pem"), ("Stoer", "x"), ("SiloPort", "30000")));

        Assert.Equal(
            ["AdvertisedAddress", "Clustering", "Lease", "SiloPort", "SlotMemory", "Slots", "Stoer", "Store", "TlsCertificate"],
            fault.Problems.Select(problem => problem.Split(':')[1]).Distinct().Order(StringComparer.Ordinal));
        Assert.All(fault.Problems, problem => Assert.Contains(problem, fault.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void LivePage_IsOffUnlessAPortIsNamed_AndOnLoopbackNeedsNoToken()
    {
        Assert.Null(Read(("Store", "s")).Dashboard);

        DashboardOptions page = Read(("Store", "s"), ("DashboardPort", "8090")).Dashboard!;

        Assert.True(page.IsLoopback);
        Assert.Equal((8090, null), (page.Port, page.Token));
    }

    [Theory]
    [InlineData("8090", null, "DashboardPort")]
    [InlineData("8090", "short", "DashboardToken")]
    [InlineData("8090", "env:MAMBAQUANT_NO_SUCH_VARIABLE", "DashboardToken")]
    [InlineData("8080", "0123456789abcdef", "DashboardPort")]
    [InlineData("page", "0123456789abcdef", "DashboardPort")]
    public void LivePage_ThatOthersReachNeedsATokenAndAPortOfItsOwn(string port, string? token, string wrong)
    {
        InvalidSiloConfigurationException fault = Assert.Throws<InvalidSiloConfigurationException>(
            () => Read(("Store", "s"), ("Redis", "redis:6379"), ("Clustering", "Redis"), ("DashboardPort", port), ("DashboardToken", token ?? "")));

        Assert.Contains(fault.Problems, problem => problem.StartsWith($"MambaQuant:{wrong}:", StringComparison.Ordinal));
        Assert.DoesNotContain("0123456789abcdef", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a/b")]
    [InlineData("a\nb")]
    public void SiloName_ThatCannotStandInTheNameOfASlot_IsRefusedWithEverythingElse(string name)
    {
        InvalidSiloConfigurationException fault = Assert.Throws<InvalidSiloConfigurationException>(() => Read(("Store", "s"), ("SiloName", name), ("Slots", "many")));

        Assert.Equal(2, fault.Problems.Length);
        Assert.Contains(fault.Problems, problem => problem.StartsWith("MambaQuant:SiloName: expected at most 256 characters, none of them '/'", StringComparison.Ordinal));
        Assert.DoesNotContain('\n', fault.Problems[1]);
    }

    [Fact]
    public void Redis_WithoutConnectionIsRefused()
    {
        InvalidSiloConfigurationException fault = Assert.Throws<InvalidSiloConfigurationException>(() => Read(("Store", "s"), ("Clustering", "Redis")));

        Assert.Equal("MambaQuant:Redis: Clustering is Redis, and no connection string is given", Assert.Single(fault.Problems));
    }

    [Fact]
    public void Redis_VariableThatIsNotSetIsNamed()
    {
        InvalidSiloConfigurationException fault = Assert.Throws<InvalidSiloConfigurationException>(
            () => Read(("Store", "s"), ("Clustering", "redis"), ("Redis", "env:MAMBAQUANT_NO_SUCH_VARIABLE")));

        Assert.Contains("MAMBAQUANT_NO_SUCH_VARIABLE", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("512m", 512L << 20)]
    [InlineData("8G", 8L << 30)]
    [InlineData("1000", 1000)]
    public void SlotMemory_TakesUnits(string text, long bytes) => Assert.Equal(bytes, Read(("Store", "s"), ("SlotMemory", text)).SlotMemory);

    [Fact]
    public void Pod_GivesNameAndAddress()
    {
        IConfiguration configuration = Configuration(("Store", "s"), ("Clustering", "Redis"), ("Redis", "redis:6379"));
        SiloConfiguration read = SiloSettingsReader.Read(configuration, name => name switch { "POD_NAME" => "silo-3", "POD_IP" => "10.1.2.3", _ => null });

        Assert.Equal(new SiloEndpoint("silo-3", IPAddress.Parse("10.1.2.3"), 11111, 30000, ListensOnAny: true), read.Endpoint);
    }

    [Fact]
    public void Settings_AreAllKnownByTheirOptions()
    {
        string[] arguments = [.. SiloSettings.Known.SelectMany(setting => new[] { "--" + Kebab(setting.Name), "v" })];

        Assert.Null(SiloArguments.Parse(arguments, out Dictionary<string, string?> settings));
        Assert.Equal(SiloSettings.Known.Select(setting => $"MambaQuant:{setting.Name}").Order(StringComparer.Ordinal), settings.Keys.Order(StringComparer.Ordinal));
    }

    private static string Kebab(string name) => string.Concat(name.Select((letter, index) => char.IsUpper(letter) && index > 0 ? $"-{char.ToLowerInvariant(letter)}" : $"{char.ToLowerInvariant(letter)}"));

    private static SiloConfiguration Read(params (string Name, string Value)[] settings) => SiloSettingsReader.Read(Configuration(settings), _ => null);

    private static IConfigurationRoot Configuration(params (string Name, string Value)[] settings) => new ConfigurationBuilder()
        .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create($"MambaQuant:{setting.Name}", (string?)setting.Value))).Build();
}
