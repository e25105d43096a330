using MambaQuant.Pipeline.Local;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Local;

public sealed class ScratchFolderTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Folder_LiesBesideTheOutput_AndGoesWithTheRun()
    {
        string output = _folder.File("out") + Path.DirectorySeparatorChar;
        using (ScratchFolder scratch = ScratchFolder.Beside(output))
        {
            Assert.Equal(_folder.File("out.scratch"), scratch.Path);
            File.WriteAllText(scratch.OriginalStatistics(0), "kept between stages");
        }

        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void WhatAKilledRunLeft_IsRemoved()
    {
        ScratchFolder killed = ScratchFolder.Beside(_folder.File("out"));
        File.WriteAllText(killed.Samples(3), "half of it");
        using ScratchFolder next = ScratchFolder.Beside(_folder.File("out"));
        Assert.False(File.Exists(killed.Samples(3)));
        Assert.Null(next.ReadOriginalStatistics(3));
    }

    [Fact]
    public void SomebodyElsesFolderOrFile_IsRefused()
    {
        Directory.CreateDirectory(_folder.File("out.scratch"));
        File.WriteAllText(Path.Combine(_folder.File("out.scratch"), "notes.txt"), "mine");
        Assert.Throws<OutputDirectoryException>(() => ScratchFolder.Beside(_folder.File("out")));
        File.WriteAllText(_folder.File("other.scratch"), "mine");
        Assert.Throws<OutputDirectoryException>(() => ScratchFolder.Beside(_folder.File("other")));
        Assert.Equal("mine", File.ReadAllText(Path.Combine(_folder.File("out.scratch"), "notes.txt")));
    }
}
