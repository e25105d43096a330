using System.Text.Json;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Planning;

namespace MambaQuant.Pipeline.Execution;

/// <summary>Reads from a store how well the models of a job predict its evaluation text.</summary>
public static class StoredEvaluations
{
    /// <summary>Reads.</summary>
    /// <param name="plan">A plan with an evaluation.</param>
    /// <param name="store">The store.</param>
    /// <param name="damaged">Hears that it is damaged.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <returns>Null where it is missing or damaged; then what is left is removed, so that its item is made again.</returns>
    /// <exception cref="ArtifactStoreException">The store cannot be read.</exception>
    public static async Task<EvaluationOutcome?> FindAsync(WorkPlan plan, IArtifactStore store, Action<WorkItem, string> damaged, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(damaged);
        WorkItem maker = plan.Find(WorkKind.ReduceEvaluation) ?? throw new ArgumentException("the plan has no evaluation", nameof(plan));
        string name = WorkPlan.NameOf(maker.Key, ItemOutputs.Evaluation);
        try
        {
            Stream source = await store.OpenReadAsync(name, 0, null, cancellation).ConfigureAwait(false);
            await using (source.ConfigureAwait(false))
            {
                return await JsonSerializer.DeserializeAsync(source, ExecutionJson.Default.EvaluationOutcome, cancellation).ConfigureAwait(false);
            }
        }
        catch (ArtifactNotFoundException)
        {
            return null;
        }
        catch (CorruptArtifactException error)
        {
            await store.DeleteAsync(WorkPlan.NameOf(maker.Key, ItemOutputs.Receipt), cancellation).ConfigureAwait(false);
            await store.DeleteAsync(name, cancellation).ConfigureAwait(false);
            damaged(maker, error.Message);
            return null;
        }
    }
}
