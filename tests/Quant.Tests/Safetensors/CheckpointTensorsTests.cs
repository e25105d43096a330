using System.Text;
using MambaQuant.Quant.Safetensors;
using MambaQuant.Quant.Tensors;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Quant.Tests.Safetensors;

public sealed class CheckpointTensorsTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public static TheoryData<string, string> WrongIndexes => new()
    {
        { """[]""", "expected a JSON object" },
        { """{""", "is damaged" },
        { """{}""", "expected 'weight_map'" },
        { """{"weight_map":{}}""", "is empty" },
        { """{"weight_map":[]}""", "expected 'weight_map'" },
        { """{"weight_map":{"a":1}}""", "'a' to be a string" },
        { """{"weight_map":{"a":"../other/model.safetensors"}}""", "plain *.safetensors name" },
        { """{"weight_map":{"a":"/etc/model.safetensors"}}""", "plain *.safetensors name" },
        { """{"weight_map":{"a":"C:model.safetensors"}}""", "plain *.safetensors name" },
        { """{"weight_map":{"a":"x\\model.safetensors"}}""", "plain *.safetensors name" },
        { """{"weight_map":{"a":"..safetensors"}}""", "plain *.safetensors name" },
        { """{"weight_map":{"a":"model\u0000.safetensors"}}""", "plain *.safetensors name" },
        { """{"weight_map":{"a":"model.bin"}}""", "plain *.safetensors name" },
        { """{"weight_map":{"a":"\ud800.safetensors"}}""", "is damaged" },
        { """{"weight_map":{"a":"one.safetensors","a":"one.safetensors"}}""", "twice" },
        { """{"weight_map":{"a":"one.safetensors"},"weight_map":{}}""", "twice" },
        { """{"weight_map":{"a":"absent.safetensors"}}""", "not in the folder" },
        { """{"weight_map":{"a":"one.safetensors"}}""", "'b' of 'one.safetensors' is not in weight_map" },
        { """{"weight_map":{"a":"one.safetensors","b":"one.safetensors","x":"one.safetensors"}}""", "found it in none" },
        { """{"weight_map":{"a":"one.safetensors","b":"two.safetensors","c":"two.safetensors"}}""", "expected tensor 'b' in 'two.safetensors', found it in 'one.safetensors'" },
        { """{"weight_map":{"a":"one.safetensors","b":"one.safetensors","c":"two.safetensors","d":"three.safetensors"}}""", "'a' is in 'one.safetensors' and in 'three.safetensors'" },
        { """{"metadata":{"total_size":5},"weight_map":{"a":"one.safetensors","b":"one.safetensors","c":"two.safetensors"}}""", "expected total_size 5 bytes, found tensors of 4" },
        { """{"metadata":{"total_size":4.5},"weight_map":{"a":"one.safetensors","b":"one.safetensors","c":"two.safetensors"}}""", "whole number" },
        { """{"metadata":{"total_size":1e99},"weight_map":{"a":"one.safetensors","b":"one.safetensors","c":"two.safetensors"}}""", "whole number" },
        { """{"metadata":{"total_size":-4},"weight_map":{"a":"one.safetensors","b":"one.safetensors","c":"two.safetensors"}}""", "whole number" },
        { """{"metadata":7,"weight_map":{"a":"one.safetensors"}}""", "'metadata' to be an object" },
    };

    [Fact]
    public void ShardedFolder_OpensAsOne()
    {
        WriteShards("""{"metadata":{"total_size":4.0,"other":[1]},"weight_map":{"a":"one.safetensors","b":"one.safetensors","c":"two.safetensors"}}""");
        using CheckpointTensors tensors = CheckpointTensors.Open(_directory.Path);
        Assert.Equal(["a", "b", "c"], tensors.Names);
        Assert.Equal(2, tensors.Files.Count);
        Assert.Equal(new Shape(2), tensors.Get("a").Entry.Shape);
        Assert.EndsWith("two.safetensors", tensors.Require("c", new Shape(1)).File.Path, StringComparison.Ordinal);
        Assert.False(tensors.TryGet("d", out _));
    }

    [Theory]
    [MemberData(nameof(WrongIndexes))]
    public void WrongIndex_IsNamed(string index, string expected)
    {
        WriteShards(index);
        InvalidSafetensorsException exception = Assert.Throws<InvalidSafetensorsException>(() => CheckpointTensors.Open(_directory.Path));
        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void IndexThatIsNotUtf8_IsNamed()
    {
        _directory.Write(CheckpointTensors.IndexFileName, [(byte)'{', 0xFF, (byte)'}']);
        Assert.Contains("UTF-8", Assert.Throws<InvalidSafetensorsException>(() => CheckpointTensors.Open(_directory.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void MissingTensor_ListsNamesThatComeClose()
    {
        byte[] bytes = RawSafetensors.File("""{"backbone.norm_f.weight":{"dtype":"I8","shape":[2],"data_offsets":[0,2]},"x":{"dtype":"I8","shape":[2],"data_offsets":[2,4]}}""", 4);
        _directory.Write(CheckpointTensors.SingleFileName, bytes);
        using CheckpointTensors tensors = CheckpointTensors.Open(_directory.Path);
        string missing = Assert.Throws<InvalidSafetensorsException>(() => tensors.Require("backbone.norm.weight", new Shape(2))).Message;
        Assert.Contains("'backbone.norm.weight' of shape [2]", missing, StringComparison.Ordinal);
        Assert.Contains("'backbone.norm_f.weight' [2]", missing, StringComparison.Ordinal);
        Assert.DoesNotContain("'x'", missing, StringComparison.Ordinal);
        string shape = Assert.Throws<InvalidSafetensorsException>(() => tensors.Require("x", new Shape(1, 2))).Message;
        Assert.Contains("tensor 'x': expected shape [1, 2], found [2]", shape, StringComparison.Ordinal);
        Assert.Contains("none with a similar name", Assert.Throws<InvalidSafetensorsException>(() => tensors.Get("quite.another")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("state-spaces/mamba-130m-hf", "hf download state-spaces/mamba-130m-hf --local-dir mamba-130m-hf")]
    [InlineData("./no/such/folder", "Check the path")]
    public void MissingFolder_GivesTheStepThatHelps(string path, string expected) =>
        Assert.Contains(expected, Assert.Throws<UnsupportedModelException>(() => CheckpointTensors.Open(path)).Message, StringComparison.Ordinal);

    [Fact]
    public void FolderWithoutSafetensors_GivesTheStepThatHelps()
    {
        Assert.Contains("holds no weights", Assert.Throws<UnsupportedModelException>(() => CheckpointTensors.Open(_directory.Path)).Message, StringComparison.Ordinal);
        string file = _directory.Write("pytorch_model.bin", [1]);
        Assert.Contains("save_pretrained", Assert.Throws<UnsupportedModelException>(() => CheckpointTensors.Open(_directory.Path)).Message, StringComparison.Ordinal);
        Assert.Contains("is a file", Assert.Throws<UnsupportedModelException>(() => CheckpointTensors.Open(file)).Message, StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Dispose();

    private void WriteShards(string index)
    {
        const string AB = """{"a":{"dtype":"I8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"I8","shape":[1],"data_offsets":[2,3]}}""";
        const string C = """{"c":{"dtype":"I8","shape":[1],"data_offsets":[0,1]}}""";
        const string AD = """{"a":{"dtype":"I8","shape":[2],"data_offsets":[0,2]},"d":{"dtype":"I8","shape":[1],"data_offsets":[2,3]}}""";
        _directory.Write("one.safetensors", RawSafetensors.File(AB, 3));
        _directory.Write("two.safetensors", RawSafetensors.File(C, 1));
        _directory.Write("three.safetensors", RawSafetensors.File(AD, 3));
        _directory.Write(CheckpointTensors.IndexFileName, Encoding.UTF8.GetBytes(index));
    }
}
