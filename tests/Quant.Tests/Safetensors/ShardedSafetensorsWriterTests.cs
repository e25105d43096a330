using MambaQuant.Quant.Safetensors;
using MambaQuant.Quant.Tensors;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Quant.Tests.Safetensors;

public sealed class ShardedSafetensorsWriterTests : IDisposable
{
    private static readonly SafetensorsDeclaration[] _plan =
    [
        new("a", DType.F32, new Shape(4)),
        new("b", DType.I8, new Shape(3)),
        new("c", DType.F32, new Shape(100)),
        new("d", DType.F32, new Shape(2)),
    ];

    private readonly TemporaryDirectory _directory = new();

    [Theory]
    [InlineData(1, new[] { "model-00001-of-00004.safetensors", "model-00002-of-00004.safetensors", "model-00003-of-00004.safetensors", "model-00004-of-00004.safetensors" })]
    [InlineData(19, new[] { "model-00001-of-00003.safetensors", "model-00002-of-00003.safetensors", "model-00003-of-00003.safetensors" })]
    [InlineData(408, new[] { "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors" })]
    [InlineData(427, new[] { "model.safetensors" })]
    public void Checkpoint_IsCutAtTheSizeAndReadsBack(long maxShardBytes, string[] fileNames)
    {
        using (var writer = new ShardedSafetensorsWriter(_directory.Path, _plan, maxShardBytes))
        {
            Assert.Equal(fileNames, writer.FileNames);
            WriteValues(writer, _plan);
            Assert.DoesNotContain(Directory.EnumerateFiles(_directory.Path), file => !file.EndsWith(".partial", StringComparison.Ordinal));
            writer.Complete();
        }

        string[] expected = fileNames.Length == 1 ? fileNames : [.. fileNames, CheckpointTensors.IndexFileName];
        Assert.Equal(expected.Order(StringComparer.Ordinal), Directory.EnumerateFiles(_directory.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        using CheckpointTensors tensors = CheckpointTensors.Open(_directory.Path);
        foreach (SafetensorsDeclaration tensor in _plan)
        {
            CheckpointTensor found = tensors.Require(tensor.Name, tensor.Shape);
            var bytes = new byte[tensor.SizeBytes];
            found.File.ReadBytes(found.Entry, bytes);
            Assert.All(bytes, value => Assert.Equal((byte)tensor.Name[0], value));
        }
    }

    [Fact]
    public void UnfinishedCheckpoint_LeavesNothing()
    {
        using (var writer = new ShardedSafetensorsWriter(_directory.Path, _plan, 19))
        {
            WriteValues(writer, _plan[..3]);
            Assert.Throws<InvalidOperationException>(writer.Complete);
        }

        Assert.Empty(Directory.EnumerateFileSystemEntries(_directory.Path));
    }

    [Fact]
    public void TensorsOutOfTurn_AreRefused()
    {
        using var writer = new ShardedSafetensorsWriter(_directory.Path, _plan, 19);
        Assert.Throws<InvalidOperationException>(() => writer.For("c"));
        WriteValues(writer, _plan[..3]);
        Assert.Throws<InvalidOperationException>(() => writer.For("a"));
        Assert.Throws<ArgumentException>(() => writer.For("z"));
        Assert.Throws<ArgumentException>(() => new ShardedSafetensorsWriter(_directory.Path, [_plan[0], _plan[0]], 1));
    }

    public void Dispose() => _directory.Dispose();

    private static void WriteValues(ShardedSafetensorsWriter writer, SafetensorsDeclaration[] tensors)
    {
        foreach (SafetensorsDeclaration tensor in tensors)
        {
            writer.For(tensor.Name).WriteBytes(tensor.Name, Enumerable.Repeat((byte)tensor.Name[0], (int)tensor.SizeBytes).ToArray());
        }
    }
}
