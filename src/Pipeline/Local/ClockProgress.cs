using MambaQuant.Pipeline.Driving;

namespace MambaQuant.Pipeline.Local;

/// <summary>Hands reports on to a clock.</summary>
/// <param name="clock">The clock; told by one thread at a time.</param>
internal sealed class ClockProgress(StageClock clock) : IProgress<StageProgress>
{
    /// <inheritdoc/>
    public void Report(StageProgress value) => clock.Report(value.Stage, value.Done, value.Total, value.Unit);
}
