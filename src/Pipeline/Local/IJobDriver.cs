using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Planning;

namespace MambaQuant.Pipeline.Local;

/// <summary>Runs the jobs of a run in place of the engine's own driver: another way to the same bytes.</summary>
public interface IJobDriver : IDisposable
{
    /// <summary>Runs a job whose plan and request lie in the store to its end, with its checkpoint in the store.</summary>
    /// <param name="plan">The job.</param>
    /// <param name="store">The store; the same one for all jobs of a run.</param>
    /// <param name="workers">Workers that run at once; as many for all jobs of a run.</param>
    /// <param name="scratchPath">A folder for files on their way.</param>
    /// <param name="progress">Hears how far each stage is.</param>
    /// <param name="watch">Is shown the job as it goes on.</param>
    /// <param name="notice">Hears what people should know.</param>
    /// <param name="cancellation">Stops it at the next safe point.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    Task<DrivenJob> RunAsync(
        WorkPlan plan, IArtifactStore store, int workers, string scratchPath, IProgress<StageProgress> progress, JobWatch watch, Action<string> notice, CancellationToken cancellation);
}
