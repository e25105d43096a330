using System.Text.Json;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.EndToEnd;

public sealed class BenchTests
{
    [Fact]
    public void FloatModel_IsMeasuredBesideTheMachine()
    {
        ProgramRun run = ProgramRun.Of("bench", SampleModel.Folder, "--prompt-tokens", "32", "--tokens", "2", "--batch", "3", "--runs", "3", "--workers", "1", "--format", "json");

        Assert.Equal(0, run.ExitCode);
        JsonElement json = JsonDocument.Parse(run.Output).RootElement;
        Assert.Equal(("float", 1, 3, 32), (json.GetProperty("compute").GetString(), json.GetProperty("threads").GetInt32(), json.GetProperty("batch").GetInt32(), json.GetProperty("prefillTokens").GetInt32()));

        // Of each of 8 layers: in_proj and out_proj 3 · 512 · 256, convolution 512 · 4, x_proj 48 · 512, dt_proj 512 · 16.
        Assert.Equal(8 * 428_032, json.GetProperty("multiplyAddsPerToken").GetInt64());

        // All tensors once for three sequences, for the table is the head; and the states of one: 512 channels of 16 + 3 values, read and written.
        Assert.Equal((2 * 4_552_960 / 3.0) + (8 * 512 * 19 * 4 * 2), json.GetProperty("bytesPerToken").GetDouble(), 0.01);
        foreach (string speed in (string[])["prefill", "decode"])
        {
            JsonElement rate = json.GetProperty(speed);
            double least = rate.GetProperty("least").GetDouble(), middle = rate.GetProperty("middle").GetDouble(), most = rate.GetProperty("most").GetDouble();
            Assert.True(0 < least && least <= middle && middle <= most, rate.ToString());
        }

        double share = 2 * json.GetProperty("prefill").GetProperty("middle").GetDouble() * 8 * 428_032 / json.GetProperty("floatOperationsPerSecond").GetDouble();
        Assert.Equal(share, json.GetProperty("prefillShareOfPeak").GetDouble(), 1e-9);
        Assert.All((string[])["copyBytesPerSecond", "codeOperationsPerSecond", "decodeShareOfBandwidth"], name => Assert.True(json.GetProperty(name).GetDouble() > 0, name));
        Assert.InRange(json.GetProperty("peakMemoryBytes").GetInt64(), 9_105_920, long.MaxValue);
    }
}
