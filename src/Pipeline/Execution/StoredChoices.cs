using System.Collections.Immutable;
using System.Text.Json;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Quant.Smoothing;

namespace MambaQuant.Pipeline.Execution;

/// <summary>Reads from a store what was chosen at the smoothing sites of a model.</summary>
public static class StoredChoices
{
    /// <summary>Reads.</summary>
    /// <param name="plan">A plan whose choices are made.</param>
    /// <param name="store">The store.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <returns>The choices of every layer; empty ones where the recipe smooths nothing.</returns>
    /// <exception cref="ArtifactStoreException">The store cannot be read, or a choice is missing or corrupt.</exception>
    public static async Task<ImmutableArray<ImmutableArray<SmoothingChoice>>> ReadAsync(WorkPlan plan, IArtifactStore store, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(store);
        var choices = ImmutableArray.CreateBuilder<ImmutableArray<SmoothingChoice>>();
        for (int layer = 0; layer < plan.Grid.Layers; layer++)
        {
            if (!plan.Needs.Smooths)
            {
                choices.Add([]);
                continue;
            }

            WorkItem maker = plan.Find(plan.Needs.Searches ? WorkKind.SearchSmoothing : WorkKind.Transform, layer)!;
            Stream source = await store.OpenReadAsync(WorkPlan.NameOf(maker.Key, ItemOutputs.Choice), 0, null, cancellation).ConfigureAwait(false);
            await using (source.ConfigureAwait(false))
            {
                choices.Add(await JsonSerializer.DeserializeAsync(source, ExecutionJson.Default.ImmutableArraySmoothingChoice, cancellation).ConfigureAwait(false));
            }
        }

        return choices.DrainToImmutable();
    }
}
