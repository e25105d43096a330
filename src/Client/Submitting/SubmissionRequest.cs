using MambaQuant.Client.Quantizing;
using MambaQuant.Quant.Recipes;

namespace MambaQuant.Client.Submitting;

/// <summary>What one call of <c>submit</c> is to do.</summary>
internal sealed record SubmissionRequest
{
    /// <summary>The work, as for <c>quantize</c>; model and texts are folders, files, places in blobs, <c>mounted:PATH</c> or <c>store:JOB</c>, and the output is "" for none.</summary>
    public required QuantizeRequest Work { get; init; }

    /// <summary>The numerics profile of the slots; null for that of the slots that are there.</summary>
    public string? Profile { get; init; }

    /// <summary>Whether to wait for the end of the jobs.</summary>
    public bool Waits { get; init; }

    /// <summary>Where the checkpoint of a recipe goes; null where it stays in the store.</summary>
    /// <param name="recipe">One of the recipes.</param>
    public string? OutputOf(Recipe recipe) => Work.OutputPath.Length == 0 ? null : Work.OutputOf(recipe);
}
