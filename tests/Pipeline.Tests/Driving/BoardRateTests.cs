using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Tests.Local;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Driving;

public sealed class BoardRateTests
{
    [Fact]
    public void Pauses_InWhichNobodyIsAtWork_DoNotCount()
    {
        var clock = new JumpingClock();
        var rate = new BoardRate(clock);
        rate.Begin(0);
        rate.Begin(0);
        clock.Jump(TimeSpan.FromSeconds(1));
        rate.End();
        clock.Jump(TimeSpan.FromSeconds(1));
        rate.Move(20);
        rate.End();
        clock.Jump(TimeSpan.FromHours(1));
        rate.Begin(20);
        clock.Jump(TimeSpan.FromSeconds(2));
        rate.Move(40);

        Assert.Equal(10, rate.PerSecond, 0.1);
        Assert.Equal(4, rate.Worked.TotalSeconds, 0.1);
        rate.End();
        clock.Jump(TimeSpan.FromHours(1));
        Assert.Equal((10, 4), (Math.Round(rate.PerSecond), Math.Round(rate.Worked.TotalSeconds)));
    }
}
