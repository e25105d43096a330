using MambaQuant.Pipeline.Driving;

namespace MambaQuant.Client.Progress;

/// <summary>What a run tells while it is shown. Thread-safe.</summary>
internal interface IRunProgress : IProgress<StageProgress>
{
    /// <summary>Shows a line at once, apart from the stages.</summary>
    /// <param name="line">The line.</param>
    void Say(string line);

    /// <summary>Shows also who works on what, where there is room for it.</summary>
    /// <param name="job">The job that runs from now on.</param>
    void Watch(JobWatch job);
}
