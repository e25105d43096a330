using System.Globalization;

namespace MambaQuant.Dashboard.Drawing;

/// <summary>How numbers are told to people.</summary>
internal static class Figures
{
    /// <summary>Where nothing was measured.</summary>
    public const string Nothing = "–";

    /// <summary>Three significant digits, without an exponent where a person would write none.</summary>
    /// <param name="value">The number.</param>
    public static string Short(double? value)
    {
        if (value is not double number || double.IsNaN(number))
        {
            return Nothing;
        }

        double size = Math.Abs(number);
        return size switch
        {
            0 => "0",
            >= 1e6 or < 1e-4 => number.ToString("0.##E+0", CultureInfo.InvariantCulture),
            >= 1000 => number.ToString("#,0", CultureInfo.InvariantCulture),
            >= 100 => number.ToString("0", CultureInfo.InvariantCulture),
            >= 10 => number.ToString("0.0", CultureInfo.InvariantCulture),
            >= 1 => number.ToString("0.00", CultureInfo.InvariantCulture),
            _ => number.ToString("G3", CultureInfo.InvariantCulture),
        };
    }

    /// <summary>A round number at an axis.</summary>
    /// <param name="value">The number.</param>
    public static string Tick(double value)
    {
        string text = Math.Abs(value) is >= 1e6 or (> 0 and < 1e-4) ? value.ToString("0.##E+0", CultureInfo.InvariantCulture) : value.ToString("#,0.######", CultureInfo.InvariantCulture);
        return text == "-0" ? "0" : text;
    }

    /// <summary>Decibels with one decimal, as in report.md.</summary>
    /// <param name="value">The signal to noise; infinite where nothing was lost.</param>
    public static string Decibels(double? value) => value switch
    {
        null => Nothing,
        double.PositiveInfinity => "exact",
        _ => value.Value.ToString("0.0", CultureInfo.InvariantCulture),
    };

    /// <summary>Megabytes with one decimal, as the table of <c>quantize</c> has them.</summary>
    /// <param name="bytes">The size.</param>
    public static string Megabytes(long bytes) => $"{(bytes / 1e6).ToString("N1", CultureInfo.InvariantCulture)} MB";

    /// <summary>A ratio as a factor.</summary>
    /// <param name="value">The ratio.</param>
    public static string Times(double? value) => value is null ? Nothing : $"{Short(value)}×";

    /// <summary>Seconds as a person says them.</summary>
    /// <param name="seconds">The time.</param>
    public static string Duration(double seconds) => seconds switch
    {
        < 60 => $"{seconds.ToString("0.0", CultureInfo.InvariantCulture)} s",
        < 3600 => $"{(int)seconds / 60} min {(int)seconds % 60} s",
        _ => $"{(int)seconds / 3600} h {(int)seconds / 60 % 60} min",
    };
}
