namespace MambaQuant.Client.Planning;

/// <summary>Operations, rates and times as text.</summary>
internal static class RateText
{
    /// <summary>Operations a second: "12.3 TFLOP/s".</summary>
    /// <param name="perSecond">The rate.</param>
    public static string Operations(double perSecond) => perSecond >= 1e12 ? $"{perSecond / 1e12:0.0} TFLOP/s" : $"{perSecond / 1e9:0.0} GFLOP/s";

    /// <summary>Bytes a second: "2.0 GB/s".</summary>
    /// <param name="perSecond">The rate.</param>
    public static string Bytes(double perSecond) => $"{ByteText.Readable((long)perSecond)}/s";

    /// <summary>A number of operations: "1.23 PFLOP".</summary>
    /// <param name="operations">The number.</param>
    public static string Work(double operations) => operations switch
    {
        >= 1e15 => $"{operations / 1e15:0.00} PFLOP",
        >= 1e12 => $"{operations / 1e12:0.00} TFLOP",
        _ => $"{operations / 1e9:0.00} GFLOP",
    };

    /// <summary>A time: "0.25 s", "12.3 s", "12 min 30 s", "3 h 05 min".</summary>
    /// <param name="seconds">In seconds.</param>
    public static string Time(double seconds)
    {
        TimeSpan time = TimeSpan.FromSeconds(Math.Round(seconds, MidpointRounding.ToEven));
        return seconds switch
        {
            < 10 => $"{seconds:0.00} s",
            < 120 => $"{seconds:0.0} s",
            < 7200 => $"{(int)time.TotalMinutes} min {time.Seconds:00} s",
            _ => $"{(int)time.TotalHours} h {time.Minutes:00} min",
        };
    }
}
