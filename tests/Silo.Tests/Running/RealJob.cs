using System.Globalization;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Inputs;
using MambaQuant.Pipeline.Local;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Recipes;
using MambaQuant.Testing;

namespace MambaQuant.Silo.Tests.Running;

/// <summary>A random model, jobs about it that take some seconds, and what the embedded engine makes of them.</summary>
public sealed class RealJob : IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly CpuKernels _kernels = new(new CpuKernelsOptions { Threads = 1 });
    private readonly Dictionary<ulong, string> _expected = [];

    /// <summary>Makes a model.</summary>
    public RealJob()
    {
        Directory.CreateDirectory(ModelPath);
        new SyntheticMamba
        {
            Seed = 7,
            Config = new SyntheticMamba().Config with { VocabularySize = 256, DModel = 96, DInner = 192, DState = 8, DtRank = 8, LayerCount = 6 },
        }.Write(ModelPath);
    }

    private string ModelPath => _folder.File("model");

    /// <summary>Uploads the model and puts a job about it into a store.</summary>
    /// <param name="store">The store.</param>
    /// <param name="seed">Makes the job another one.</param>
    /// <param name="order">Its place among the jobs.</param>
    /// <param name="size">How much there is to do: sequences.</param>
    public async Task<WorkPlan> PutAsync(IArtifactStore store, ulong seed = 1, long order = 0, int size = 16)
    {
        using MambaCheckpoint checkpoint = MambaCheckpoint.Open(ModelPath);
        WorkPlan plan = WorkPlanner.Plan(new PlanRequest
        {
            Recipe = Recipe(),
            Model = ModelIdentity.Of(checkpoint),
            Calibration = Calibration(seed, size).Identify(ModelPath, null),
            Profile = _kernels.Profile,
            Options = Grid,
        });
        await StoredPlans.PutAsync(store, plan, CancellationToken.None);
        InputPlace model = await new InputUpload(store).PutModelAsync(checkpoint.Source, plan.Request.Model, null, CancellationToken.None);
        await StoredRequests.PutAsync(
            store,
            new JobRequest { Job = plan.Id, Name = string.Create(CultureInfo.InvariantCulture, $"real-{seed}"), Order = order, Model = model, Text = InputPlace.Self },
            CancellationToken.None);
        return plan;
    }

    /// <summary>Hash of the checkpoint that the embedded engine makes.</summary>
    /// <param name="seed">Which job.</param>
    /// <param name="size">Sequences.</param>
    public string Expected(ulong seed = 1, int size = 16)
    {
        if (!_expected.TryGetValue(seed, out string? hash))
        {
            string output = _folder.File(string.Create(CultureInfo.InvariantCulture, $"expected-{seed}"));
            QuantizeOptions options = QuantizeOptions.Of(ModelPath, output, Recipe()) with { Calibration = Calibration(seed, size), Plan = Grid };
            new LocalEngine(_kernels, TimeProvider.System).Quantize(options, new Progress<StageProgress>(), CancellationToken.None);
            _expected[seed] = hash = KilledRuns.HashOf(output);
        }

        return hash;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _kernels.Dispose();
        _folder.Dispose();
    }

    private static PlanOptions Grid { get; } = new() { Blocks = 2, Shards = 4 };

    private static CalibrationOptions Calibration(ulong seed, int size) => new() { Samples = size, SequenceLength = 128, SearchSamples = 4, Seed = seed };

    private static Recipe Recipe() => RecipePresets.Get(RecipePresets.MambaQuant, "W8A8", strict: false);
}
