using System.Buffers.Binary;
using System.Text;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Safetensors;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Quant.Tests.Checkpoints;

/// <summary>A damaged quantized checkpoint is read, every part of it, or refused; never anything else, and nothing stays in memory.</summary>
public sealed class QuantizedCheckpointFuzzTests : CheckpointTestBase
{
    private const string Weights = CheckpointTensors.SingleFileName;
    private const int LengthBytes = 8;

    private string WeightsPath => Path.Combine(Output, Weights);

    [Fact]
    public void DamagedConfig_IsReadOrRefused()
    {
        WriteOnce();
        DisposeParts();
        string good = File.ReadAllText(Path.Combine(Output, MambaConfigReader.FileName));
        FuzzRun run = Run();
        run.Repeat(200, seed: 1, random => JsonMutation.Mutate(good, random), text =>
        {
            File.WriteAllText(Path.Combine(Output, MambaConfigReader.FileName), text);
            ReadAll();
        });
        AssertTelling(run);
    }

    [Fact]
    public void DamagedHeader_IsReadOrRefused()
    {
        WriteOnce();
        DisposeParts();
        byte[] good = File.ReadAllBytes(WeightsPath);
        int headerBytes = checked((int)BinaryPrimitives.ReadInt64LittleEndian(good));
        string header = Encoding.UTF8.GetString(good, LengthBytes, headerBytes);
        byte[] data = good[(LengthBytes + headerBytes)..];
        FuzzRun run = Run();
        run.Repeat(100, seed: 2, random => JsonMutation.Mutate(header, random), text =>
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            byte[] length = new byte[LengthBytes];
            BinaryPrimitives.WriteInt64LittleEndian(length, bytes.Length);
            File.WriteAllBytes(WeightsPath, [.. length, .. bytes, .. data]);
            ReadAll();
        });
        run.Repeat(100, seed: 3, random => (At: random.Next(LengthBytes + headerBytes), Bit: 1 << random.Next(8)), flip =>
        {
            byte[] bad = [.. good];
            bad[flip.At] ^= (byte)flip.Bit;
            File.WriteAllBytes(WeightsPath, bad);
            ReadAll();
        });
        AssertTelling(run);
    }

    [Theory]
    [InlineData("W8A8")]
    [InlineData("W4A8")]
    public void DamagedValues_AreReadOrRefused(string scheme)
    {
        Write(QuantizationSchemes.Parse(scheme), tied: false, smoothsGate: true, AllRotations);
        DisposeParts();
        byte[] good = File.ReadAllBytes(WeightsPath);
        int start = LengthBytes + checked((int)BinaryPrimitives.ReadInt64LittleEndian(good));
        FuzzRun run = Run();
        run.Repeat(100, seed: 4, random => (From: start + random.Next(good.Length - start), Seed: random.Next(), Cut: random.Next(8) == 0), damage =>
        {
            byte[] bad = [.. good];
            var random = new Random(damage.Seed);
            random.NextBytes(bad.AsSpan(damage.From, Math.Min(random.Next(1, 64), bad.Length - damage.From)));
            File.WriteAllBytes(WeightsPath, damage.Cut ? bad[..damage.From] : bad);
            ReadAll();
        });
        AssertTelling(run);
    }

    [Fact]
    public void TensorOfAnotherTypeShapeOrName_IsNamed()
    {
        WriteOnce();
        DisposeParts();
        byte[] good = File.ReadAllBytes(WeightsPath);
        int headerBytes = checked((int)BinaryPrimitives.ReadInt64LittleEndian(good));
        string header = Encoding.UTF8.GetString(good, LengthBytes, headerBytes);
        const string Tensor = "backbone.layers.0.mixer.in_proj.weight_scale";
        foreach ((string from, string to, string expected) in new[]
        {
            ("\"F32\"", "\"I32\"", "I32"), ("[96,1]", "[1,96]", "[1, 96]"), (Tensor, Tensor.Replace("scale", "scalX", StringComparison.Ordinal), "scalX"),
        })
        {
            int at = header.IndexOf($"\"{Tensor}\"", StringComparison.Ordinal);
            int place = header.IndexOf(from, at, StringComparison.Ordinal);
            string changed = string.Concat(header.AsSpan(0, place), to, header.AsSpan(place + from.Length));
            Assert.Equal(header.Length, changed.Length);
            File.WriteAllBytes(WeightsPath, [.. good[..LengthBytes], .. Encoding.UTF8.GetBytes(changed), .. good[(LengthBytes + headerBytes)..]]);
            string message = Assert.Throws<InvalidCheckpointException>(ReadAll).Message;
            Assert.Contains(Tensor, message, StringComparison.Ordinal);
            Assert.Contains(expected, message, StringComparison.Ordinal);
        }
    }

    private static void AssertTelling(FuzzRun run) =>
        Assert.True(run.Refused > 20, $"{run.Refused} refused, {run.Read} read: the damage is too small to tell anything");

    private FuzzRun Run() => new(
        Output, typeof(InvalidCheckpointException), typeof(InvalidModelConfigException), typeof(InvalidSafetensorsException),
        typeof(UnsupportedModelException), typeof(NonFiniteWeightException));

    private void ReadAll()
    {
        try
        {
            using QuantizedCheckpoint checkpoint = QuantizedCheckpoint.Open(Output);
            for (int layer = 0; layer < checkpoint.Config.LayerCount; layer++)
            {
                checkpoint.ReadLayer(Kernels, layer).Dispose();
            }

            checkpoint.ReadEnds(Kernels).Dispose();
        }
        finally
        {
            Assert.Equal(0, Kernels.LiveBytes);
        }
    }
}
