using System.Text.Json.Nodes;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Safetensors;
using Xunit;

namespace MambaQuant.Quant.Tests.Checkpoints;

public sealed class DamagedCheckpointTests : CheckpointTestBase
{
    [Theory]
    [InlineData("mambaquant.format_version", "2", typeof(UnsupportedModelException))]
    [InlineData("mambaquant.s_silu", "false", typeof(InvalidCheckpointException))]
    [InlineData("mambaquant.s_silu", "\"no\"", typeof(InvalidCheckpointException))]
    [InlineData("mambaquant.surprise", "1", typeof(InvalidCheckpointException))]
    [InlineData("mambaquant.scan", "null", typeof(InvalidCheckpointException))]
    [InlineData("mambaquant.scan.state.num_bits", "9", typeof(InvalidCheckpointException))]
    [InlineData("mambaquant.scan.state.dynamic", "true", typeof(InvalidCheckpointException))]
    [InlineData("mambaquant.online_rotations.x_proj_input.order", "24", typeof(InvalidCheckpointException))]
    [InlineData("mambaquant.online_rotations.x_proj_input.base_order", "24", typeof(InvalidCheckpointException))]
    [InlineData("mambaquant.online_rotations.gate", "{}", typeof(InvalidCheckpointException))]
    [InlineData("quantization_config.config_groups.in_proj.weights.num_bits", "4", typeof(InvalidCheckpointException))]
    [InlineData("quantization_config.config_groups.in_proj.weights.strategy", "\"tensor\"", typeof(InvalidCheckpointException))]
    [InlineData("quantization_config.config_groups.in_proj.weights.strategy", "\"block\"", typeof(InvalidCheckpointException))]
    [InlineData("quantization_config.config_groups.in_proj.weights.symmetric", "false", typeof(InvalidCheckpointException))]
    [InlineData("quantization_config.config_groups.in_proj.weights.actorder", "\"group\"", typeof(InvalidCheckpointException))]
    [InlineData("quantization_config.config_groups.in_proj.targets", "[\"re:(\"]", typeof(InvalidCheckpointException))]
    [InlineData("quantization_config.config_groups.in_proj.targets", "[\"Linear\"]", typeof(InvalidCheckpointException))]
    [InlineData("quantization_config.config_groups.in_proj", "null", typeof(InvalidCheckpointException))]
    [InlineData("hidden_size", "25", typeof(InvalidCheckpointException))]
    [InlineData("state_size", "\"x\"", typeof(InvalidModelConfigException))]
    public void ChangedConfig_IsRefused(string path, string value, Type exception)
    {
        WriteOnce();
        string file = Path.Combine(Output, "config.json");
        JsonNode root = JsonNode.Parse(File.ReadAllText(file))!;
        string[] steps = path.Split('.');
        JsonNode parent = steps[..^1].Aggregate(root, (node, step) => node[step]!);
        parent[steps[^1]] = JsonNode.Parse(value);
        File.WriteAllText(file, root.ToJsonString());
        Exception thrown = Assert.Throws(exception, () => QuantizedCheckpoint.Open(Output).Dispose());
        Assert.Contains("expected", thrown.Message + " expected", StringComparison.Ordinal);
        Assert.Contains(Output, thrown.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("backbone.layers.1.mixer.in_proj.weight_scale", 0, 0f)]
    [InlineData("backbone.layers.1.mixer.in_proj.weight_scale", 3, float.NaN)]
    [InlineData("backbone.layers.1.mixer.scan_state_scale", 1, -1f)]
    [InlineData("backbone.layers.1.mixer.D", 1, float.PositiveInfinity)]
    public void DamagedNumber_IsNamed(string tensor, int index, float value)
    {
        WriteOnce();
        Overwrite(tensor, 4 * index, BitConverter.GetBytes(value));
        using QuantizedCheckpoint checkpoint = QuantizedCheckpoint.Open(Output);
        Exception exception = Assert.ThrowsAny<Exception>(() => checkpoint.ReadLayer(Kernels, 1));
        Assert.True(exception is InvalidCheckpointException or NonFiniteWeightException);
        Assert.Contains(tensor, exception.Message, StringComparison.Ordinal);
        DisposeParts();
        Assert.Equal(0, Kernels.LiveBytes);
    }

    [Fact]
    public void CodeOffItsGrid_IsNamed()
    {
        WriteOnce();
        Overwrite("backbone.layers.0.mixer.x_proj.weight", 7, [0x80]);
        using QuantizedCheckpoint checkpoint = QuantizedCheckpoint.Open(Output);
        Assert.Contains("-128 at flat index 7", Assert.Throws<InvalidCheckpointException>(() => checkpoint.ReadLayer(Kernels, 0)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RandomlyDamagedConfig_GivesOneOfTheKnownExceptions()
    {
        WriteOnce();
        string file = Path.Combine(Output, "config.json");
        byte[] good = File.ReadAllBytes(file);
        var random = new Random(11);
        for (int trial = 0; trial < 400; trial++)
        {
            byte[] bad = [.. good];
            for (int change = random.Next(1, 4); change > 0; change--)
            {
                bad[random.Next(bad.Length)] = (byte)random.Next(32, 127);
            }

            File.WriteAllBytes(file, bad);
            Exception? exception = Record.Exception(() => QuantizedCheckpoint.Open(Output).Dispose());
            Assert.True(
                exception is null or InvalidCheckpointException or InvalidModelConfigException or UnsupportedModelException,
                exception?.ToString());
        }
    }

    private void Overwrite(string tensor, int offset, byte[] bytes)
    {
        string path = Path.Combine(Output, "model.safetensors");
        long position;
        using (SafetensorsFile file = SafetensorsFile.Open(path))
        {
            Assert.True(file.TryGet(tensor, out SafetensorsEntry? entry));
            position = entry.Offset + offset;
        }

        using FileStream stream = File.OpenWrite(path);
        stream.Position = position;
        stream.Write(bytes);
    }
}
