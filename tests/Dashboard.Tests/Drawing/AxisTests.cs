using MambaQuant.Dashboard.Drawing;
using Xunit;

namespace MambaQuant.Dashboard.Tests.Drawing;

public class AxisTests
{
    [Theory]
    [InlineData(0, 7, false)]
    [InlineData(-3, 3e6, false)]
    [InlineData(0.3, 0.31, false)]
    [InlineData(1e-9, 20, true)]
    [InlineData(0.9, 1.1, true)]
    [InlineData(1, 2560, true)]
    public void Ticks_LieOnTheAxis_AndAreFew(double from, double to, bool isLogarithmic)
    {
        var axis = new Axis("x", from, to, isLogarithmic);
        IReadOnlyList<double> ticks = axis.Ticks();
        Assert.InRange(ticks.Count, 2, 14);
        Assert.All(ticks, tick => Assert.InRange(tick, from - (1e-9 * Math.Abs(from)), to * (1 + 1e-9)));
        Assert.Equal(0, axis.At(from), 12);
        Assert.Equal(1, axis.At(to), 12);
    }

    [Fact]
    public void Axis_HoldsItsValues_AlsoWhereTheyAreAlikeOrNone()
    {
        foreach (double[] values in new double[][] { [1, 1, 1], [], [double.NaN, double.PositiveInfinity], [0, 5], [-1, 1] })
        {
            foreach (bool isLogarithmic in new[] { false, true })
            {
                Axis axis = Axis.Around("y", values, isLogarithmic);
                Assert.True(axis.To > axis.From);
                Assert.True(!isLogarithmic || axis.From > 0);
                Assert.NotEmpty(axis.Ticks());
                Assert.All(values.Where(value => double.IsFinite(value) && (!isLogarithmic || value > 0)), value => Assert.InRange(axis.At(value), 0.01, 0.99));
            }
        }
    }
}
