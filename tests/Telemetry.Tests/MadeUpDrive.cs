using System.Collections.Immutable;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Scheduling.Inputs;
using MambaQuant.Pipeline.Scheduling.Outputs;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Recipes;

namespace MambaQuant.Telemetry.Tests;

/// <summary>A job that a scheduler drives in earnest, and whose worker does what a test says.</summary>
internal static class MadeUpDrive
{
    /// <summary>Name of the worker.</summary>
    public const string Worker = "worker";

    private const string Profile = "any";

    private static readonly WorkPlan Plan = WorkPlanner.Plan(new PlanRequest
    {
        Recipe = RecipePresets.Get(RecipePresets.RoundToNearest, RecipePresets.DefaultScheme),
        Model = ModelIdentity.OfShape("model", PublishedModels.Find("mamba-130m")!.Config),
        Calibration = new CalibrationIdentity { Source = "text", Text = "text", Samples = 4, SequenceLength = 16 },
        Profile = Profile,
        Options = new PlanOptions(),
    });

    /// <summary>Somebody takes the job over.</summary>
    /// <param name="store">The store with its journal.</param>
    /// <param name="owner">Who.</param>
    public static Task<SchedulerDriver> OpenAsync(IArtifactStore store, string owner) =>
        SchedulerDriver.OpenAsync(store, Plan.Id, Plan.Graph, owner, TimeProvider.System, _ => true, CancellationToken.None);

    /// <summary>The job begins.</summary>
    /// <param name="store">The store.</param>
    /// <param name="owner">Who drives it.</param>
    public static async Task<SchedulerDriver> BeginAsync(IArtifactStore store, string owner)
    {
        SchedulerDriver driver = await OpenAsync(store, owner);
        driver.Post(new JobSubmitted(driver.Now, Plan.Id, Profile, new SchedulerOptions(), []) { Graph = Plan.Graph });
        await driver.NextAsync(CancellationToken.None);
        return driver;
    }

    /// <summary>The worker comes, and is given an item.</summary>
    /// <param name="driver">The job.</param>
    public static Task<ImmutableArray<SchedulerOutput>> AssignAsync(SchedulerDriver driver)
    {
        driver.Post(new WorkerJoined(driver.Now, Worker, long.MaxValue, Profile));
        driver.Post(new WorkRequested(driver.Now, Worker));
        return driver.NextAsync(CancellationToken.None);
    }
}
