using System.Text.Json.Nodes;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Safetensors;
using MambaQuant.Quant.Tensors;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Quant.Tests.Models;

public sealed class MambaCheckpointTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly CpuKernels _memory = new();

    public void Dispose()
    {
        _directory.Dispose();
        _memory.Dispose();
    }

    [Theory]
    [InlineData(DType.F32, false)]
    [InlineData(DType.F16, true)]
    [InlineData(DType.BF16, true)]
    public void EveryTensor_ArrivesUnderItsNameInFp32(DType dtype, bool sharded)
    {
        MambaConfig config = new SyntheticMamba().Config with { UseBias = true, TieEmbeddings = false };
        IReadOnlyDictionary<string, float[]> values =
            new SyntheticMamba { Config = config, DType = dtype, MaxShardBytes = sharded ? 8000 : long.MaxValue }.Write(_directory.Path);
        using MambaCheckpoint checkpoint = MambaCheckpoint.Open(_directory.Path);
        var found = new Dictionary<string, float[]>(StringComparer.Ordinal);
        for (int layer = 0; layer < config.LayerCount; layer++)
        {
            using LayerWeights weights = checkpoint.LoadLayer(_memory, layer);
            Assert.Equal(new Shape(config.DInner, config.DConv), weights[MambaTensors.Conv].Shape);
            foreach (string name in weights.Names)
            {
                found.Add(MambaTensors.InLayer(layer, name), Download(weights[name]));
            }
        }

        using (Tensor norm = checkpoint.LoadFinalNorm(_memory), table = checkpoint.LoadEmbeddings(_memory), head = checkpoint.LoadHead(_memory))
        {
            found.Add(MambaTensors.FinalNorm, Download(norm));
            found.Add(MambaTensors.Embeddings, Download(table));
            found.Add(MambaTensors.Head, Download(head));
        }

        Assert.Equal(values.Keys.Order(StringComparer.Ordinal), found.Keys.Order(StringComparer.Ordinal));
        foreach ((string name, float[] expected) in values)
        {
            Assert.Equal(expected.Select(value => Rounded(value, dtype)), found[name]);
        }

        Assert.True(checkpoint.HasSeparateHead);
        Assert.Equal(values.Values.Sum(tensor => (long)tensor.Length) * dtype.SizeBytes(), checkpoint.TensorBytes);
        Assert.Equal(0, _memory.LiveBytes);
    }

    [Fact]
    public void Rows_AreThoseOfTheTable()
    {
        var model = new SyntheticMamba();
        float[] table = model.Write(_directory.Path)[MambaTensors.Embeddings];
        using MambaCheckpoint checkpoint = MambaCheckpoint.Open(_directory.Path);
        using Tensor rows = checkpoint.LoadRows(_memory, MambaTensors.Embeddings, 3, 5);
        Assert.Equal(new Shape(5, model.Config.DModel), rows.Shape);
        Assert.Equal(table.AsSpan(3 * model.Config.DModel, 5 * model.Config.DModel).ToArray(), Download(rows));
        Assert.Throws<ArgumentOutOfRangeException>(() => checkpoint.LoadRows(_memory, MambaTensors.Embeddings, 60, 5));
        Assert.Throws<InvalidSafetensorsException>(() => checkpoint.LoadRows(_memory, "backbone.embedding.weight", 0, 1));
    }

    [Fact]
    public void LargeTable_IsReadInPiecesAndWhole()
    {
        var model = new SyntheticMamba();
        model = model with { Config = model.Config with { VocabularySize = 50_001 } };
        float[] table = model.Write(_directory.Path)[MambaTensors.Embeddings];
        using MambaCheckpoint checkpoint = MambaCheckpoint.Open(_directory.Path);
        using Tensor loaded = checkpoint.LoadHead(_memory);
        Assert.Equal(table, Download(loaded));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.NegativeInfinity)]
    public void NonFiniteWeight_StopsWithItsPlace(float value)
    {
        var model = new SyntheticMamba();
        model.Write(_directory.Path);
        const string Name = "backbone.layers.1.mixer.x_proj.weight";
        Overwrite(Name, 37, value);
        using MambaCheckpoint checkpoint = MambaCheckpoint.Open(_directory.Path);
        checkpoint.LoadLayer(_memory, 0).Dispose();
        NonFiniteWeightException exception = Assert.Throws<NonFiniteWeightException>(() => checkpoint.LoadLayer(_memory, 1));
        Assert.Equal((Name, 37L), (exception.Tensor, exception.Index));
        Assert.Contains(Name, exception.Message, StringComparison.Ordinal);
        Assert.Equal(0, _memory.LiveBytes);
    }

    [Fact]
    public void WrongTensors_AreReportedTogether()
    {
        var model = new SyntheticMamba();
        model.Write(_directory.Path);
        JsonObject json = model.ConfigJson();
        json["use_bias"] = true;
        json["conv_kernel"] = 3;
        json["num_hidden_layers"] = 1;
        json["tie_word_embeddings"] = false;
        File.WriteAllText(_directory.File("config.json"), json.ToJsonString());
        string message = Assert.Throws<InvalidSafetensorsException>(() => MambaCheckpoint.Open(_directory.Path)).Message;
        Assert.Contains("'backbone.layers.0.mixer.in_proj.bias' [96] is missing", message, StringComparison.Ordinal);
        Assert.Contains("'backbone.layers.0.mixer.conv1d.weight': expected shape [48, 1, 3], found [48, 1, 4]", message, StringComparison.Ordinal);
        Assert.Contains("'lm_head.weight' [64, 24] is missing", message, StringComparison.Ordinal);
        Assert.Contains("'backbone.layers.1.mixer.A_log' [48, 8] is unexpected", message, StringComparison.Ordinal);
    }

    [Fact]
    public void ManyProblems_FillAScreenNotMore()
    {
        var model = new SyntheticMamba();
        model.Write(_directory.Path);
        JsonObject json = model.ConfigJson();
        json["num_hidden_layers"] = 500;
        File.WriteAllText(_directory.File("config.json"), json.ToJsonString());
        string message = Assert.Throws<InvalidSafetensorsException>(() => MambaCheckpoint.Open(_directory.Path)).Message;
        Assert.InRange(message.Split('\n').Length, 20, 25);
        Assert.Contains("more", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void HeadOfATiedModel_MustBeACopyOfTheEmbeddings(bool same)
    {
        MambaConfig untied = new SyntheticMamba().Config with { TieEmbeddings = false };
        IReadOnlyDictionary<string, float[]> values = new SyntheticMamba { Config = untied }.Write(_directory.Path);
        File.WriteAllText(_directory.File("config.json"), new SyntheticMamba().ConfigJson().ToJsonString());
        if (same)
        {
            float[] table = values[MambaTensors.Embeddings];
            for (int i = 0; i < table.Length; i++)
            {
                Overwrite(MambaTensors.Head, i, table[i]);
            }

            MambaCheckpoint.Open(_directory.Path).Dispose();
        }
        else
        {
            Assert.Contains("tie_word_embeddings", Assert.Throws<InvalidSafetensorsException>(() => MambaCheckpoint.Open(_directory.Path)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void QuantizedModel_IsNoFloatCheckpoint()
    {
        var model = new SyntheticMamba();
        model.Write(_directory.Path);
        JsonObject json = model.ConfigJson();
        json["quantization_config"] = new JsonObject();
        File.WriteAllText(_directory.File("config.json"), json.ToJsonString());
        Assert.Contains("quantized already", Assert.Throws<UnsupportedModelException>(() => MambaCheckpoint.Open(_directory.Path)).Message, StringComparison.Ordinal);
    }

    private static float Rounded(float value, DType dtype) => dtype switch
    {
        DType.F16 => (float)(Half)value,
        DType.BF16 => RoundedToBFloat16(value),
        _ => value,
    };

    private static float RoundedToBFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return BitConverter.UInt32BitsToSingle((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF_0000);
    }

    private float[] Download(Tensor tensor)
    {
        var values = new float[tensor.Shape.ElementCount];
        _memory.Download(tensor, values.AsSpan());
        return values;
    }

    private void Overwrite(string tensor, int index, float value)
    {
        string path = _directory.File("model.safetensors");
        long offset;
        using (SafetensorsFile file = SafetensorsFile.Open(path))
        {
            Assert.True(file.TryGet(tensor, out SafetensorsEntry? entry));
            offset = entry.Offset + (4L * index);
        }

        using FileStream stream = File.OpenWrite(path);
        stream.Position = offset;
        stream.Write(BitConverter.GetBytes(value));
    }
}
