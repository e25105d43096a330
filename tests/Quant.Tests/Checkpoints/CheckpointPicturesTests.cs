using System.Text;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Quant.Tests.Checkpoints;

public sealed class CheckpointPicturesTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    private static LayerPicture Some { get; } = new()
    {
        Sites = [new SitePicture { Site = "out_proj_input", MagnitudeBefore = ChannelProfile.Of([1, 2.00049, 3], withSmallest: false) }],
        Smoothings = [new SmoothingPicture { Site = "GateToOutProj", Strength = 0.5 }],
    };

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void WhatIsWritten_IsReadAsItWas()
    {
        byte[] json = Some.ToJson();
        Assert.Equal(json, LayerPicture.FromJson(json).ToJson());
        Assert.Equal(
            """{"sites":[{"site":"out_proj_input","axis":"channel","magnitude_before":{"channels":3,"channels_per_bin":1,"largest":[1,2,3],"quantiles":[1,1,1,2,3,3,3],"maximum_over_median":1.5}}],"rotations":[],"smoothings":[{"site":"GateToOutProj","strength":0.5}]}""",
            Encoding.UTF8.GetString(json));
    }

    [Fact]
    public void Checkpoint_WithoutPictures_HasNone() => Assert.Null(CheckpointPictures.Find(_folder.Path));

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{\"format_version\":1}")]
    [InlineData("{\"format_version\":2,\"ends\":{},\"layers\":[]}")]
    [InlineData("{\"format_version\":1,\"ends\":{},\"layers\":null}")]
    [InlineData("{\"format_version\":1,\"ends\":null,\"layers\":[]}")]
    [InlineData("{\"format_version\":1,\"ends\":{\"sites\":[{}]},\"layers\":[]}")]
    public void DamagedFile_IsRefusedByName(string text)
    {
        File.WriteAllText(_folder.File(CheckpointPictures.FileName), text);
        InvalidCheckpointException error = Assert.Throws<InvalidCheckpointException>(() => CheckpointPictures.Find(_folder.Path));
        Assert.Contains(CheckpointPictures.FileName, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void File_IsReadAsItWasWritten()
    {
        var pictures = new CheckpointPictures { Ends = Some, Layers = [LayerPicture.Nothing, Some] };
        File.WriteAllText(_folder.File(CheckpointPictures.FileName), pictures.ToJson());
        Assert.Equal(pictures.ToJson(), CheckpointPictures.Find(_folder.Path)!.ToJson());
    }
}
