using MambaQuant.Pipeline.Planning;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Recipes;

namespace MambaQuant.Reports;

/// <summary>A job to simulate: a published model by its dimensions, calibrated on a text.</summary>
/// <param name="Model">Name of the model.</param>
/// <param name="Samples">Calibration sequences.</param>
/// <param name="SequenceLength">Tokens of each.</param>
/// <param name="Options">The grid, where it is set by hand.</param>
internal sealed record SchedulingJob(string Model, int Samples, int SequenceLength, PlanOptions Options)
{
    /// <summary>The scheme.</summary>
    public string Scheme { get; init; } = RecipePresets.DefaultScheme;

    /// <summary>The model's dimensions.</summary>
    public MambaConfig Config => PublishedModels.Find(Model)!.Config;

    /// <summary>Plans it.</summary>
    /// <param name="profile">The numerics profile.</param>
    public WorkPlan Plan(string profile) => WorkPlanner.Plan(new PlanRequest
    {
        Recipe = RecipePresets.Get(RecipePresets.MambaQuant, Scheme),
        Model = ModelIdentity.OfShape(Model, Config),
        Calibration = new CalibrationIdentity { Source = "text", Text = "text", Samples = Samples, SequenceLength = SequenceLength },
        Profile = profile,
        Options = Options,
    });
}
