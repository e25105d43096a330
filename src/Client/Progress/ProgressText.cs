namespace MambaQuant.Client.Progress;

/// <summary>Numbers of a progress display as text.</summary>
internal static class ProgressText
{
    /// <summary>A duration: "7 s", "3 min 05 s", "2 h 07 min".</summary>
    /// <param name="duration">The duration; rounded to whole seconds, a half upward.</param>
    public static string Duration(TimeSpan duration)
    {
        long seconds = (long)Math.Round(duration.TotalSeconds, MidpointRounding.AwayFromZero);
        return seconds switch
        {
            < 60 => $"{seconds} s",
            < 3600 => $"{seconds / 60} min {seconds % 60:00} s",
            _ => $"{seconds / 3600} h {seconds / 60 % 60:00} min",
        };
    }

    /// <summary>A rate with three significant digits or all digits before the point: "0.125 layers/s", "1,234 tokens/s".</summary>
    /// <param name="perSecond">Units per second.</param>
    /// <param name="unit">The unit.</param>
    public static string Rate(double perSecond, string unit)
    {
        string number = perSecond switch
        {
            >= 99.95 => perSecond.ToString("N0"),
            >= 9.995 => perSecond.ToString("0.0"),
            >= 0.9995 => perSecond.ToString("0.00"),
            _ => perSecond.ToString("0.000"),
        };
        return $"{number} {unit}/s";
    }

    /// <summary>"3 of 8 layers", or "3 layers" where the total is not known.</summary>
    /// <param name="stage">The stage.</param>
    public static string Count(StageMeter stage) =>
        stage.Total > 0 ? $"{stage.Done:N0} of {stage.Total:N0} {stage.Unit}" : $"{stage.Done:N0} {stage.Unit}";
}
