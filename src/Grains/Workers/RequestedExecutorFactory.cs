using MambaQuant.Pipeline.Execution;
using MambaQuant.Pipeline.Inputs;
using MambaQuant.Pipeline.Planning;

namespace MambaQuant.Grains.Workers;

/// <summary>Finds model and texts where the job's request says they are; the checkpoint comes to lie in the store.</summary>
internal sealed class RequestedExecutorFactory : IExecutorFactory
{
    private readonly FileHashes _hashes = new();

    /// <inheritdoc/>
    public async Task<WorkExecutor> OpenAsync(ExecutorPlace place, CancellationToken cancellation)
    {
        string job = place.Plan.Id;
        JobRequest request = await StoredRequests.FindAsync(place.Store, job, cancellation)
            ?? throw new InvalidRequestException($"job {job} has no request in store '{place.Store.Description}': expected '{StoredRequests.NameOf(job)}'. Submit the job again");
        JobInputs inputs = JobInputs.Open(place.Store, place.Plan, request);
        return new WorkExecutor(new WorkExecutorOptions
        {
            Plan = place.Plan,
            Store = place.Store,
            Kernels = place.Kernels,
            Model = inputs.Model,
            Text = inputs.Text,
            EvaluationText = inputs.EvaluationText,
            ScratchPath = place.ScratchPath,
            CacheBytes = place.CacheBytes,
            Hashes = _hashes,
            Sink = new StoreCheckpointSink(Path.Combine(place.ScratchPath, "checkpoint")),
        });
    }
}
