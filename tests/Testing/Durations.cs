using System.Diagnostics;

namespace MambaQuant.Testing;

/// <summary>How long something usually takes: the median of several times, which one bad moment of a busy machine does not move.</summary>
public static class Durations
{
    /// <summary>Measures.</summary>
    /// <param name="times">How often; odd.</param>
    /// <param name="run">What; it is given the number of the turn, from 1.</param>
    /// <returns>Seconds.</returns>
    public static double Median(int times, Action<int> run) => MedianAsync(times, turn =>
    {
        run(turn);
        return Task.CompletedTask;
    }).GetAwaiter().GetResult();

    /// <summary>Measures.</summary>
    /// <param name="times">How often; odd.</param>
    /// <param name="run">What; it is given the number of the turn, from 1.</param>
    /// <returns>Seconds.</returns>
    public static async Task<double> MedianAsync(int times, Func<int, Task> run)
    {
        ArgumentNullException.ThrowIfNull(run);
        List<double> seconds = [];
        for (int turn = 1; turn <= times; turn++)
        {
            long began = Stopwatch.GetTimestamp();
            await run(turn);
            seconds.Add(Stopwatch.GetElapsedTime(began).TotalSeconds);
        }

        return Median(seconds);
    }

    /// <summary>The middle one.</summary>
    /// <param name="values">An odd number of values.</param>
    public static double Median(IReadOnlyCollection<double> values) => values.Order().ElementAt(values.Count / 2);
}
