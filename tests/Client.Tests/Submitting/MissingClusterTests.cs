using MambaQuant.Client.Submitting;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Client.Tests.Submitting;

public sealed class MissingClusterTests
{
    [Fact]
    public void Report_SaysHowToGetTheCluster_AndWhatWorksWithoutIt()
    {
        using StringWriter output = new(), error = new();

        int code = MissingCluster.Report("submit", new CommandContext { Output = output, Error = error, Time = new ManualClock() });

        Assert.Equal(ExitCodes.NoCluster, code);
        Assert.Equal("", output.ToString());
        Assert.StartsWith("error: this build has no cluster, so it cannot 'submit'", error.ToString(), StringComparison.Ordinal);
        Assert.Contains("dotnet build src/Client", error.ToString(), StringComparison.Ordinal);
        Assert.Contains("'quantize' does the same work", error.ToString(), StringComparison.Ordinal);
    }
}
