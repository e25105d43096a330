using MambaQuant.Pipeline.Execution;

namespace MambaQuant.Grains.Workers;

/// <summary>Makes what runs the items of a job on a slot.</summary>
public interface IExecutorFactory
{
    /// <summary>Opens a job.</summary>
    /// <param name="place">The job, and what the slot has for it.</param>
    /// <param name="cancellation">Stops the opening.</param>
    /// <returns>To be disposed by the slot when it turns to another job.</returns>
    Task<WorkExecutor> OpenAsync(ExecutorPlace place, CancellationToken cancellation);
}
