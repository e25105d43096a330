using MambaQuant.Pipeline.Planning;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Recipes;

namespace MambaQuant.Dashboard.Tests;

/// <summary>Plans of jobs that nobody runs.</summary>
internal static class MadeUpPlan
{
    /// <summary>A job about a model of given size.</summary>
    /// <param name="layers">Layers of the model.</param>
    /// <param name="blocks">Blocks of layers.</param>
    /// <param name="shards">Shards.</param>
    /// <param name="preset">The recipe.</param>
    /// <param name="name">Name of the model.</param>
    public static WorkPlan Of(int layers = 6, int blocks = 3, int shards = 4, string preset = RecipePresets.MambaQuant, string name = "made-up") => WorkPlanner.Plan(new PlanRequest
    {
        Recipe = RecipePresets.Get(preset, RecipePresets.DefaultScheme),
        Model = ModelIdentity.OfShape(name, PublishedModels.Find("mamba-130m")!.Config with { LayerCount = layers }),
        Calibration = new CalibrationIdentity { Source = "text", Text = "text", Samples = Math.Max(64, shards), SequenceLength = 512 },
        Profile = "made up",
        Options = new PlanOptions { Blocks = blocks, Shards = shards },
    });

    /// <summary>A job of more than ten thousand items.</summary>
    public static WorkPlan Large() => Of(layers: 64, blocks: 64, shards: 100);
}
