using MambaQuant.Quant.Tensors;
using Xunit;

namespace MambaQuant.Quant.Tests.Kernels.Cpu.Score;

[Trait("Category", "Kernels")]
public sealed class ScoreKernelsTests
{
    public static TheoryData<int> Words => [1, 2, 15, 16, 17, 255, 257, 4096, 50_280];

    [Theory]
    [MemberData(nameof(Words))]
    public void CrossEntropy_MatchesTheReference(int words)
    {
        using var fixture = new KernelFixture();
        const int Rows = 5;
        float[] logits = fixture.RandomValues(4, Rows, words);
        int[] targets = [0, words - 1, words / 2, -1, words / 3];
        var losses = new double[Rows];
        fixture.Kernels.CrossEntropy(fixture.Make(logits, Rows, words), targets, losses);
        for (int row = 0; row < Rows; row++)
        {
            double[] values = Row(logits, row, words);
            double expected = targets[row] < 0 ? 0 : LogSumExp(values) - values[targets[row]];
            Assert.Equal(expected, losses[row], 1e-13); // measured: 1.1e-14
        }
    }

    [Fact]
    public void Perplexity_MatchesTheReference()
    {
        using var fixture = new KernelFixture();
        const int Rows = 300;
        float[] logits = fixture.RandomValues(3, Rows, 4096);
        int[] targets = [.. Enumerable.Range(0, Rows).Select(row => row * 13)];
        var losses = new double[Rows];
        fixture.Kernels.CrossEntropy(fixture.Make(logits, Rows, 4096), targets, losses);
        double expected = Math.Exp(Enumerable.Range(0, Rows).Average(row => LogSumExp(Row(logits, row, 4096)) - logits[(row * 4096) + targets[row]]));
        Assert.InRange(Math.Abs((Math.Exp(losses.Average()) / expected) - 1), 0, 1e-12); // measured: 0
    }

    [Fact]
    public void CrossEntropy_IsStableForLargeLogitsAndKeepsNaN()
    {
        using var fixture = new KernelFixture();
        float[] logits = [3e38f, -3e38f, 1000, float.NegativeInfinity, 0, 0, float.NaN, 1, 2];
        var losses = new double[3];
        fixture.Kernels.CrossEntropy(fixture.Make(logits, 3, 3), [0, 1, 1], losses);
        Assert.Equal(0, losses[0]);
        Assert.Equal(Math.Log(2), losses[1], 1e-12);
        Assert.True(double.IsNaN(losses[2]));
    }

    [Fact]
    public void CrossEntropy_RefusesWhatDoesNotFit()
    {
        using var fixture = new KernelFixture();
        using Tensor logits = fixture.Random(1, 2, 10);
        var losses = new double[2];
        Assert.Throws<ArgumentOutOfRangeException>(() => fixture.Kernels.CrossEntropy(logits, [0, 10], losses));
        Assert.Throws<ArgumentException>(() => fixture.Kernels.CrossEntropy(logits, [0], losses));
        Assert.Throws<ArgumentException>(() => fixture.Kernels.CrossEntropy(logits, [0, 1], new double[3]));
    }

    [Theory]
    [MemberData(nameof(Words))]
    public void Divergence_MatchesTheReference(int words)
    {
        using var fixture = new KernelFixture();
        const int Rows = 4;
        float[] reference = fixture.RandomValues(3, Rows, words);
        float[] noise = fixture.RandomValues(0.1, Rows, words);
        float[] candidate = [.. reference.Select((value, i) => value + noise[i])];
        var divergences = new double[Rows];
        var agreements = new bool[Rows];
        fixture.Kernels.CompareDistributions(fixture.Make(reference, Rows, words), fixture.Make(candidate, Rows, words), divergences, agreements);
        for (int row = 0; row < Rows; row++)
        {
            double[] x = Row(reference, row, words);
            double[] y = Row(candidate, row, words);
            double normX = LogSumExp(x);
            double normY = LogSumExp(y);
            double expected = x.Zip(y, (a, b) => Math.Exp(a - normX) * (a - normX - (b - normY))).Sum();
            Assert.Equal(expected, divergences[row], 1e-13); // measured: 1.5e-14
            Assert.Equal(Array.IndexOf(x, x.Max()) == Array.IndexOf(y, y.Max()), agreements[row]);
        }
    }

    [Fact]
    public void Divergence_OfEqualRowsIsZeroAndTheFirstOfEqualsWins()
    {
        using var fixture = new KernelFixture();
        float[] x = fixture.RandomValues(3, 20, 100);
        using Tensor same = fixture.Make(x, 20, 100);
        var divergences = new double[20];
        var agreements = new bool[20];
        fixture.Kernels.CompareDistributions(same, same, divergences, agreements);
        Assert.All(divergences, value => Assert.Equal(0.0, value));
        Assert.All(agreements, Assert.True);

        using Tensor tie = fixture.Make([1, 5, 5, 0], 1, 4);
        using Tensor second = fixture.Make([1, 5, 6, 0], 1, 4);
        fixture.Kernels.CompareDistributions(tie, second, divergences.AsSpan(0, 1), agreements.AsSpan(0, 1));
        Assert.False(agreements[0]);
        using Tensor first = fixture.Make([1, 6, 5, 0], 1, 4);
        fixture.Kernels.CompareDistributions(tie, first, divergences.AsSpan(0, 1), agreements.AsSpan(0, 1));
        Assert.True(agreements[0]);
    }

    [Fact]
    public void Scores_DoNotDependOnTheThreadsOrTheOtherRows()
    {
        using var one = new KernelFixture(threads: 1);
        using var three = new KernelFixture(threads: 3);
        float[] x = one.RandomValues(3, 200, 500);
        float[] y = one.RandomValues(3, 200, 500);
        int[] targets = [.. Enumerable.Range(0, 200)];
        double[][] losses = [new double[200], new double[200]];
        double[][] divergences = [new double[200], new double[200]];
        foreach ((KernelFixture fixture, int i) in new[] { (one, 0), (three, 1) })
        {
            fixture.Kernels.CrossEntropy(fixture.Make(x, 200, 500), targets, losses[i]);
            fixture.Kernels.CompareDistributions(fixture.Make(x, 200, 500), fixture.Make(y, 200, 500), divergences[i], new bool[200]);
        }

        Assert.Equal(losses[0], losses[1]);
        Assert.Equal(divergences[0], divergences[1]);

        var single = new double[1];
        one.Kernels.CrossEntropy(one.Make(x[(77 * 500)..(78 * 500)], 1, 500), [77], single);
        Assert.Equal(losses[0][77], single[0]);
    }

    private static double[] Row(float[] values, int row, int columns) =>
        [.. values.AsSpan(row * columns, columns).ToArray().Select(value => (double)value)];

    private static double LogSumExp(double[] values)
    {
        double largest = values.Max();
        return largest + Math.Log(values.Sum(value => Math.Exp(value - largest)));
    }
}
