namespace MambaQuant.Dashboard.Drawing;

/// <summary>Which colour a number gets.</summary>
internal static class Shades
{
    /// <summary>Colours of <see cref="OfExcess"/>; prefix "h" in the style sheet.</summary>
    public const int ExcessCount = 9;

    /// <summary>Colours of <see cref="OfFactor"/>; prefix "d" in the style sheet.</summary>
    public const int FactorCount = 9;

    private static readonly double[] ExcessLimits = [0.7, 1, 1.4, 2, 2.8, 4, 8, 16];
    private static readonly double[] FactorLimits = [0.25, 0.5, 0.7, 0.9, 1.1, 1.4, 2, 4];

    /// <summary>What the colours of <see cref="OfExcess"/> stand for, the lowest first.</summary>
    public static string[] ExcessNames { get; } = ["below 0.7×", "0.7–1×", "1–1.4×", "1.4–2×", "2–2.8×", "2.8–4×", "4–8×", "8–16×", "above 16×"];

    /// <summary>What the colours of <see cref="OfFactor"/> stand for, the lowest first.</summary>
    public static string[] FactorNames { get; } = ["below ¼", "¼–½", "½–0.7", "0.7–0.9", "0.9–1.1", "1.1–1.4", "1.4–2", "2–4", "above 4"];

    /// <summary>The colour of a channel by how far it stands out of its layer.</summary>
    /// <param name="value">The channel's value over the median of its layer.</param>
    public static int OfExcess(double value) => Class(ExcessLimits, value);

    /// <summary>The colour of a factor by how far it is from one.</summary>
    /// <param name="value">The factor.</param>
    public static int OfFactor(double value) => Class(FactorLimits, value);

    /// <summary>The class of a table's cell by its signal to noise: the less, the stronger.</summary>
    /// <param name="decibels">The signal to noise.</param>
    public static string? OfDecibels(double? decibels) => decibels switch
    {
        null => null,
        < 10 => "q q0",
        < 15 => "q q1",
        < 20 => "q q2",
        < 25 => "q q3",
        < 30 => "q q4",
        _ => "q",
    };

    private static int Class(double[] limits, double value) => limits.Count(limit => value >= limit);
}
