using System.Text.Json;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Local;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Quant.Recipes;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Local;

/// <summary>Stores in folders that are damaged or full, and what run.json tells of a run.</summary>
public sealed class LocalStoreTests : WholeRunTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task DamagedPlan_IsFound_WrittenAgain_AndReported(bool truncates)
    {
        string store = Model.File("store");
        Recipe recipe = TinyModel.Preset(RecipePresets.MambaQuant, "W4A8");
        Run(recipe, "first", DirectoryArtifactStore.OpenOrCreate(store));
        string plan = Assert.Single(Directory.EnumerateFiles(store, "plan.sealed", SearchOption.AllDirectories));
        byte[] bytes = File.ReadAllBytes(plan), altered = [.. bytes];
        altered[100] ^= 4;
        File.WriteAllBytes(plan, truncates ? bytes[..^10] : altered);

        QuantizeResult again = Run(recipe, "again", DirectoryArtifactStore.OpenOrCreate(store));
        AssertSame("first", "again");
        Assert.Equal(bytes, File.ReadAllBytes(plan));
        string job = Path.GetFileName(Path.GetDirectoryName(plan)!);
        Assert.StartsWith($"plan of job {job}: ", Assert.Single(again.Counts.Damaged), StringComparison.Ordinal);
        Assert.StartsWith($"the plan of job {job} in '{store}' is written again: ", Assert.Single(Notices), StringComparison.Ordinal);
        Assert.NotEmpty((await StoredPlans.ReadAsync(DirectoryArtifactStore.Open(store), job, default)).Graph.Items);
    }

    [Fact]
    public void RunFile_CountsEveryItem_TheCheckpointsOwnAmongThem()
    {
        var store = new MemoryArtifactStore();
        QuantizeResult first = Run(TinyModel.Preset(RecipePresets.MambaQuant), "first", store);
        Assert.Equal(first.Counts.Made, RunFile("first").GetProperty("items").GetProperty("made").GetInt32());
        QuantizeResult again = Run(TinyModel.Preset(RecipePresets.MambaQuant), "again", store);
        JsonElement items = RunFile("again").GetProperty("items");
        Assert.Equal((1, again.Counts.Reused), (items.GetProperty("made").GetInt32(), items.GetProperty("reused").GetInt32()));
        Assert.Equal(first.Counts.Made, again.Counts.Made + again.Counts.Reused);
    }

    [MountFact]
    public void FullDisk_EndsTheRun_AndWithRoomItGoesOn()
    {
        Recipe recipe = TinyModel.Preset(RecipePresets.MambaQuant, "W4A8");
        using var disk = new SmallDisk(megabytes: 1);
        string store = Path.Combine(disk.Path, "store"), filler = Path.Combine(disk.Path, "filler");
        DirectoryArtifactStore.OpenOrCreate(store);
        Fill(filler, leave: 64 << 10);
        ArtifactStoreException failure = Assert.Throws<ArtifactStoreException>(() => Run(recipe, "out", DirectoryArtifactStore.OpenOrCreate(store)));
        Assert.Contains($"store '{store}' is full", failure.Message, StringComparison.Ordinal);
        Assert.Contains("Free some space", failure.Message, StringComparison.Ordinal);
        Assert.Equal(["out.work"], Model.Others);

        File.Delete(filler);
        Assert.True(Run(recipe, "out", DirectoryArtifactStore.OpenOrCreate(store)).Counts.Reused > 0);
        Run(recipe, "alone", store: null);
        AssertSame("alone", "out");
        Assert.Equal(["alone", "out"], Model.Others);

        static void Fill(string path, long leave)
        {
            using FileStream file = File.Create(path);
            file.Write(new byte[new DriveInfo(path).AvailableFreeSpace - leave]);
        }
    }
}
