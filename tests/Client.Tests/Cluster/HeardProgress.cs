using MambaQuant.Client.Progress;
using MambaQuant.Pipeline.Driving;

namespace MambaQuant.Client.Tests.Cluster;

/// <summary>Keeps what a run tells.</summary>
internal sealed class HeardProgress : IRunProgress
{
    /// <summary>Lines.</summary>
    public List<string> Said { get; } = [];

    /// <summary>Reports of stages, as "stage done/total".</summary>
    public List<string> Stages { get; } = [];

    /// <inheritdoc/>
    public void Report(StageProgress value) => Stages.Add($"{value.Stage} {value.Done}/{value.Total}");

    /// <inheritdoc/>
    public void Say(string line) => Said.Add(line);

    /// <inheritdoc/>
    public void Watch(JobWatch job) => Watched = job;

    /// <summary>The job that is watched.</summary>
    public JobWatch? Watched { get; private set; }
}
