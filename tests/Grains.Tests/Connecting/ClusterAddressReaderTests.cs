using System.Net;
using MambaQuant.Grains.Connecting;
using Xunit;

namespace MambaQuant.Grains.Tests.Connecting;

public sealed class ClusterAddressReaderTests
{
    private readonly List<string> _problems = [];

    [Fact]
    public void Nothing_MeansTheDefaults()
    {
        var defaults = new ClusterAddress();

        ClusterAddress read = Read();

        Assert.Empty(_problems);
        Assert.Equal((ClusteringKind.Localhost, "mambaquant", "mambaquant"), (read.Clustering, read.ClusterId, read.ServiceId));
        Assert.Equal(defaults.PrimarySilo, read.PrimarySilo);
        Assert.Equal(defaults.Gateways, read.Gateways);
        Assert.Null(read.Certificates);
    }

    [Fact]
    public void Everything_Arrives()
    {
        ClusterAddress read = Read(("ClusterId", "c"), ("ServiceId", "s"), ("PrimarySilo", "10.0.0.1:5"), ("Gateway", "10.0.0.2:6, [::1]:7"), ("Clustering", "localhost"));

        Assert.Empty(_problems);
        Assert.Equal(("c", "s"), (read.ClusterId, read.ServiceId));
        Assert.Equal(IPEndPoint.Parse("10.0.0.1:5"), read.PrimarySilo);
        Assert.Equal([IPEndPoint.Parse("10.0.0.2:6"), IPEndPoint.Parse("[::1]:7")], read.Gateways);
    }

    [Theory]
    [InlineData(null, "localhost:6379", ClusteringKind.Redis)]
    [InlineData("redis", "localhost:6379", ClusteringKind.Redis)]
    [InlineData("Localhost", "localhost:6379", ClusteringKind.Localhost)]
    [InlineData(" ", null, ClusteringKind.Localhost)]
    public void Redis_IsMeantWhereItIsNamed(string? clustering, string? redis, ClusteringKind expected)
    {
        Assert.Equal(expected, Read(("Clustering", clustering), ("Redis", redis)).Clustering);
        Assert.Empty(_problems);
    }

    [Fact]
    public void Problems_AreAllTold_WithoutTheSecret()
    {
        Read(("Clustering", "1"), ("Gateway", "here"), ("PrimarySilo", "10.0.0.1"), ("TlsAuthority", "a.pem"));
        Read(("Clustering", "redis"), ("Redis", "env:MAMBAQUANT_NO_SUCH_VARIABLE"));

        Assert.Equal(
            [
                "Clustering: expected Localhost or Redis, found '1'",
                "PrimarySilo: expected IP:PORT, found '10.0.0.1'",
                "Gateway: expected IP:PORT, found 'here'",
                "TlsCertificate: is missing: TlsCertificate, TlsKey, TlsAuthority go together",
                "Redis: the environment variable 'MAMBAQUANT_NO_SUCH_VARIABLE' of Redis is not set",
            ],
            _problems);
    }

    [Fact]
    public void Names_AreThoseThatAreAskedFor()
    {
        HashSet<string> asked = [];
        new ClusterAddressReader(
            name =>
            {
                asked.Add(name);
                return null;
            },
            (_, _) => { }).Read();

        Assert.Equal(ClusterAddressReader.Names.Order(StringComparer.Ordinal), asked.Order(StringComparer.Ordinal));
    }

    private ClusterAddress Read(params (string Name, string? Value)[] settings) =>
        new ClusterAddressReader(name => settings.FirstOrDefault(setting => setting.Name == name).Value, (name, text) => _problems.Add($"{name}: {text}")).Read();
}
