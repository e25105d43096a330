using System.Diagnostics;

namespace MambaQuant.Quant.Benchmarks.Comparison;

/// <summary>Times several ways to do one thing turn by turn, so that whatever else the machine does meets them all.</summary>
internal static class Contest
{
    private const int MaxRounds = 15;
    private const double Budget = 12, TooLong = 90;

    /// <summary>Measures.</summary>
    /// <param name="ways">What to time; every call does the whole work.</param>
    /// <returns>The medians of each; single measurements where a round takes long.</returns>
    public static ContestResult[] Run(params IReadOnlyList<Action> ways)
    {
        List<(double Wall, double Processor)> first = [.. ways.Select(Measure)];
        double warmUp = first.Sum(time => time.Wall);
        if (warmUp > TooLong)
        {
            return [.. first.Select(time => new ContestResult(time.Processor, 1))];
        }

        int rounds = Math.Clamp((int)(Budget / warmUp), 3, MaxRounds);
        var times = ways.Select(_ => new List<double>()).ToList();
        for (int round = 0; round < rounds; round++)
        {
            for (int turn = 0; turn < ways.Count; turn++)
            {
                int way = (round + turn) % ways.Count;
                times[way].Add(Measure(ways[way]).Processor);
            }
        }

        return [.. times.Select(measured => new ContestResult(Median(measured), rounds))];
    }

    private static (double Wall, double Processor) Measure(Action action)
    {
        TimeSpan before = Environment.CpuUsage.TotalTime;
        long start = Stopwatch.GetTimestamp();
        action();
        return (Stopwatch.GetElapsedTime(start).TotalSeconds, (Environment.CpuUsage.TotalTime - before).TotalSeconds);
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
