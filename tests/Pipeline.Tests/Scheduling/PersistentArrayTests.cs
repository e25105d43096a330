using MambaQuant.Pipeline.Scheduling;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Scheduling;

public sealed class PersistentArrayTests
{
    /// <summary>Around the widths of one, two and three levels of 32.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(33)]
    [InlineData(1023)]
    [InlineData(1024)]
    [InlineData(1025)]
    [InlineData(32769)]
    public void Elements_AreThoseOfAListHoweverTheyCameIn(int count)
    {
        List<string> list = [.. Enumerable.Range(0, count).Select(index => $"{index}")];
        PersistentArray<string> whole = PersistentArray<string>.From(list);
        PersistentArray<string> grown = list.Aggregate(PersistentArray<string>.Empty, (array, text) => array.Add(text));

        Assert.Equal(list, Elements(whole));
        Assert.Equal(list, Elements(grown));
        Assert.Equal([.. list, "more"], Elements(whole.Add("more")));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(32)]
    [InlineData(33)]
    [InlineData(1025)]
    [InlineData(40000)]
    public void Differences_AreTheElementsThatWereSet(int count)
    {
        PersistentArray<string> before = PersistentArray<string>.From([.. Enumerable.Range(0, count).Select(index => $"{index}")]), after = before;
        Random random = new(count);
        int[] places = [.. Enumerable.Range(0, 50).Select(_ => random.Next(count)).Distinct().Order()];
        foreach (int place in places)
        {
            after = after.Set(place, $"new {place}");
        }

        Assert.Empty(before.Differences(before));
        Assert.Equal(places, after.Differences(before));
        Assert.Equal(Enumerable.Range(0, count), before.Differences(PersistentArray<string>.Empty));
    }

    [Fact]
    public void Set_LeavesTheOldArrayAsItWas()
    {
        Random random = new(1);
        string[] list = [.. Enumerable.Range(0, 2000).Select(index => $"{index}")];
        PersistentArray<string> array = PersistentArray<string>.From(list);
        List<(string[] List, PersistentArray<string> Array)> versions = [];
        for (int round = 0; round < 200; round++)
        {
            int index = random.Next(list.Length);
            versions.Add(([.. list], array));
            list[index] = $"{round} at {index}";
            array = array.Set(index, list[index]);
        }

        Assert.All(versions, version => Assert.Equal(version.List, Elements(version.Array)));
    }

    [Fact]
    public void Index_OutsideIsRefused()
    {
        PersistentArray<string> array = PersistentArray<string>.From(["a", "b"]);

        Assert.Throws<ArgumentOutOfRangeException>(() => array[2]);
        Assert.Throws<ArgumentOutOfRangeException>(() => array[-1]);
        Assert.Throws<ArgumentOutOfRangeException>(() => array.Set(2, "c"));
    }

    private static IEnumerable<string> Elements(PersistentArray<string> array) => Enumerable.Range(0, array.Count).Select(index => array[index]);
}
