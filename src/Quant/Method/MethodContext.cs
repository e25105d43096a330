using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Recipes;

namespace MambaQuant.Quant.Method;

/// <summary>What every stage of the method shares: backend, float model, recipe.</summary>
/// <remarks>Owns nothing.</remarks>
public sealed class MethodContext
{
    /// <summary>Checks that the recipe makes sense for the model.</summary>
    /// <param name="kernels">The backend.</param>
    /// <param name="checkpoint">The float model.</param>
    /// <param name="recipe">What to do to it.</param>
    /// <exception cref="InvalidRecipeException">The recipe makes no sense, or names what the model does not have.</exception>
    public MethodContext(IKernels kernels, MambaCheckpoint checkpoint, Recipe recipe)
    {
        ArgumentNullException.ThrowIfNull(kernels);
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentNullException.ThrowIfNull(recipe);
        Kernels = kernels;
        Checkpoint = checkpoint;
        Recipe = recipe;
        Family = MambaFamily.For(checkpoint.Config);
        RecipeValidator.ThrowIfInvalid(recipe, Family);
    }

    /// <summary>The backend.</summary>
    public IKernels Kernels { get; }

    /// <summary>The float model.</summary>
    public MambaCheckpoint Checkpoint { get; }

    /// <summary>The recipe.</summary>
    public Recipe Recipe { get; }

    /// <summary>The model's tables.</summary>
    public ModelFamily Family { get; }

    /// <summary>Stops a stage at its next safe point.</summary>
    /// <value>Never, by default.</value>
    public CancellationToken Cancellation { get; init; }

    /// <summary>Hears how far a stage is inside one layer, or inside the ends: steps done and steps in all, from the computing thread.</summary>
    /// <value>Null by default: nobody. A step is a candidate of a search, a module, a piece of a table.</value>
    public Action<int, int>? Stepped { get; init; }

    /// <summary>The model's dimensions.</summary>
    public MambaConfig Config => Checkpoint.Config;

    /// <summary>What is quantized and how.</summary>
    public QuantizationScheme Scheme => Recipe.Quantization!.Scheme;

    /// <summary>Whether the recipe searches smoothing factors.</summary>
    public bool Searches => Recipe.Smoothings.Any(smoothing => smoothing.Strength.IsSearched);

    /// <summary>Whether the norm's output is smoothed in a rotated basis, in which the first pass could not measure it.</summary>
    public bool SmoothsRotatedNorm =>
        Recipe.RotationAt(RotationSite.ResidualStream) is not null && Recipe.SmoothingAt(SmoothingSite.NormToInProj) is not null;
}
