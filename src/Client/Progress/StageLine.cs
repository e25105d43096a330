namespace MambaQuant.Client.Progress;

/// <summary>What the terminal shows of one stage, at one moment.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Filled">The share of its bar, 0 to 1.</param>
/// <param name="Percent">Share done, or empty.</param>
/// <param name="Count">Units done, or empty where there is but one.</param>
/// <param name="Rate">Units per second, or empty.</param>
/// <param name="Time">Time left, or the time it took.</param>
/// <param name="IsComplete">Whether everything is done.</param>
internal sealed record StageLine(string Name, double Filled, string Percent, string Count, string Rate, string Time, bool IsComplete)
{
    /// <summary>Looks at a stage.</summary>
    /// <param name="stage">The stage.</param>
    public static StageLine Of(StageMeter stage) => new(
        stage.Stage,
        (stage.Percent ?? (stage.IsComplete ? 100 : 0)) / 100.0,
        stage.Percent is { } percent ? $"{percent} %" : "",
        stage.Total == 1 ? "" : ProgressText.Count(stage),
        stage.Total != 1 && stage.Rate is { } rate ? ProgressText.Rate(rate, stage.Unit) : "",
        stage.IsComplete ? ProgressText.Duration(stage.Elapsed)
        : stage.Remaining is { } remaining ? $"{ProgressText.Duration(remaining)} left" : "",
        stage.IsComplete);
}
