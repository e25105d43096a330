using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Storage.Tests.Running;
using Xunit;

namespace MambaQuant.Storage.Tests.Contract;

/// <content>Names: the same in every store, and none leads out of it.</content>
public abstract partial class ArtifactStoreContract
{
    [StoreTheory]
    [InlineData("")]
    [InlineData("/a")]
    [InlineData("a/")]
    [InlineData("a//b")]
    [InlineData("..")]
    [InlineData("../a")]
    [InlineData("a/../../b")]
    [InlineData("a/./b")]
    [InlineData(".staging/a")]
    [InlineData(".mambaquant-store")]
    [InlineData("a\\b")]
    [InlineData("a b")]
    [InlineData("a\0b")]
    [InlineData("C:a")]
    [InlineData("a.")]
    [InlineData("a.sealed")]
    [InlineData("ä")]
    [InlineData("a?b")]
    [InlineData("a%2e")]
    public async Task Name_ThatLeavesTheStoreOrIsOdd_IsRefused(string name)
    {
        await Assert.ThrowsAsync<ArgumentException>(() => Store.HeadAsync(name, None));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.OpenReadAsync(name, 0, null, None));
        await Assert.ThrowsAsync<ArgumentException>(() => Put(name, [1]));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.DeleteAsync(name, None));
    }

    [StoreFact]
    public async Task Name_AsLongAsMayBe_Works()
    {
        string name = string.Join('/', Enumerable.Repeat(new string('n', ArtifactName.MaxSegmentLength), 3)) + "/" + new string('m', ArtifactName.MaxLength - (3 * (ArtifactName.MaxSegmentLength + 1)));
        Assert.Equal(ArtifactName.MaxLength, name.Length);

        await Put(name, [1, 2, 3]);

        Assert.Equal([1, 2, 3], await ReadAll(name));
        await Assert.ThrowsAsync<ArgumentException>(() => Put(name + "x", [1]));
        await Assert.ThrowsAsync<ArgumentException>(() => Put(new string('n', ArtifactName.MaxSegmentLength + 1), [1]));
    }

    [StoreTheory]
    [InlineData("../")]
    [InlineData("/")]
    [InlineData("a//")]
    [InlineData("a b")]
    public async Task Prefix_OfNoName_IsRefused(string prefix) => await Assert.ThrowsAsync<ArgumentException>(() => List(prefix));
}
