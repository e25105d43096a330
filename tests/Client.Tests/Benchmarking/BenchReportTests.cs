using MambaQuant.Client.Benchmarking;
using Xunit;

namespace MambaQuant.Client.Tests.Benchmarking;

public sealed class BenchReportTests
{
    [Fact]
    public void Report_SaysWhatBindsInWords()
    {
        using var output = new StringWriter();
        Report.Write(output);

        Assert.Equal(
            """
            model: here (6.0 MB, 3.4 M weights a token)
            compute: integer, 2 threads of cpu/any
            machine: copies 40.0 GB/s, multiplies fp32 at 400 GFLOP/s, 8-bit codes at 800 GOP/s
            prefill: 30,000 tokens/s (29,000 to 31,000), 512 tokens at once: 26 % of what the machine multiplies
            decode: 2,000 tokens/s (1,900 to 2,100), 1 at once: 5.0 MB a token, 25 % of what the machine copies
            memory: 100.0 MB at most

            """,
            output.ToString());
        Assert.Equal(2 * 0.2565, (Report with { Compute = "float" }).PrefillShareOfPeak, 1e-3); // of what fp32 can do
    }

    [Theory]
    [InlineData(1, 1, 1, 1.0)]
    [InlineData(2, 1, 3, 3.0, 1.0)]
    [InlineData(2, 1, 5, 5.0, 1.0, 2.0)]
    [InlineData(2.5, 1, 9, 9.0, 3.0, 1.0, 2.0)]
    public void Median_IsTheMiddle(double middle, double least, double most, params double[] values)
    {
        Assert.Equal(new Median(middle, least, most), Median.Of(values));
    }

    private static BenchReport Report => new()
    {
        Model = "here",
        Compute = "integer",
        Profile = "cpu/any",
        Threads = 2,
        SizeBytes = 6_000_000,
        PeakMemoryBytes = 100_000_000,
        PrefillTokens = 512,
        Prefill = new Median(30_000, 29_000, 31_000),
        MultiplyAddsPerToken = 3_420_000,
        Batch = 1,
        Decode = new Median(2_000, 1_900, 2_100),
        BytesPerToken = 5_000_000,
        CopyBytesPerSecond = 40e9,
        FloatOperationsPerSecond = 400e9,
        CodeOperationsPerSecond = 800e9,
    };
}
