using MambaQuant.Quant.Datasets;
using Xunit;

namespace MambaQuant.Quant.Tests.Datasets;

public class EvaluationWindowsTests
{
    [Theory]
    [InlineData(0, 512, 0)]
    [InlineData(1, 512, 1)]
    [InlineData(511, 512, 1)]
    [InlineData(512, 512, 1)]
    [InlineData(513, 512, 2)]
    [InlineData(359_162, 512, 702)]
    public void Windows_CoverTheStreamInOrder(int tokens, int length, int expected)
    {
        int[] stream = [.. Enumerable.Range(0, tokens)];
        IReadOnlyList<ReadOnlyMemory<int>> windows = EvaluationWindows.Cut(stream, length);
        Assert.Equal(expected, windows.Count);
        Assert.All(windows.SkipLast(1), window => Assert.Equal(length, window.Length));
        Assert.Equal(stream, windows.SelectMany(window => window.ToArray()));
    }

    [Fact]
    public void WindowThatScoresNothing_IsRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => EvaluationWindows.Cut(new int[4], 1));
        Assert.Single(EvaluationWindows.Cut(new int[4], int.MaxValue));
    }
}
