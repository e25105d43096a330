using System.Collections.Immutable;
using MambaQuant.Client.Failures;
using MambaQuant.Client.Submitting;
using Xunit;

namespace MambaQuant.Client.Tests.Submitting;

public sealed class ClusterSettingsTests
{
    [Fact]
    public void Option_CountsMoreThanTheEnvironment()
    {
        ClusterSettings settings = Settings([("Store", "here")], ("MambaQuant__Store", "there"), ("MambaQuant__Redis", "redis:6379"), ("MambaQuant__TlsKey", ""));

        Assert.Equal("here", settings.RequireStore());
        Assert.Equal("redis:6379", settings.Find("Redis"));
        Assert.Null(settings.Find("TlsKey"));
        Assert.Equal(("--store", "MambaQuant__Redis", "--tls-key"), (settings.SourceOf("Store"), settings.SourceOf("Redis"), settings.SourceOf("TlsKey")));
    }

    [Fact]
    public void Store_IsAskedForByBothNames()
    {
        UsageException missing = Assert.Throws<UsageException>(() => Settings([]).RequireStore());

        Assert.Contains("--store", missing.Message, StringComparison.Ordinal);
        Assert.Contains("MambaQuant__Store", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Repeat_NamesTheOptions_AndNoSecret()
    {
        Assert.Equal("", Settings([], ("MambaQuant__Store", "there")).Repeat());
        Assert.Equal(
            " --cluster-id 'my cluster' --gateway 10.0.0.1:1 --gateway 10.0.0.2:2 --store /data/store",
            Settings([("Store", "/data/store"), ("ClusterId", "my cluster"), ("Gateway", "10.0.0.1:1,10.0.0.2:2")]).Repeat());
        string repeated = Settings([("Store", "https://a.blob.core.windows.net/c?sig=topsecret"), ("Redis", "redis:6379,password=topsecret")]).Repeat();
        Assert.Equal(" --redis … --store …", repeated);
    }

    private static ClusterSettings Settings((string, string)[] options, params (string Name, string Value)[] environment) => new(
        options.ToImmutableDictionary(option => option.Item1, option => option.Item2),
        name => environment.FirstOrDefault(variable => variable.Name == name).Value);
}
