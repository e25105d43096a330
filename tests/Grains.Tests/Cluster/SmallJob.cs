using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Inputs;
using MambaQuant.Pipeline.Local;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Recipes;
using MambaQuant.Testing;

namespace MambaQuant.Grains.Tests.Cluster;

/// <summary>A small random model, jobs about it, and what the embedded engine makes of them.</summary>
internal sealed class SmallJob : IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly CpuKernels _kernels = new(new CpuKernelsOptions { Threads = 1 });

    public SmallJob()
    {
        Directory.CreateDirectory(ModelPath);
        new SyntheticMamba
        {
            Seed = 7,
            Config = new SyntheticMamba().Config with { VocabularySize = 40, DModel = 12, DInner = 24, DState = 4, DtRank = 4 },
        }.Write(ModelPath);
    }

    public string ModelPath => _folder.File("model");

    public string File(string name) => _folder.File(name);

    public static CalibrationOptions Calibration(ulong seed) => new() { Samples = 4, SequenceLength = 16, SearchSamples = 4, Seed = seed };

    public static Recipe Recipe(string scheme = "W8A8") => RecipePresets.Get("smoothquant", scheme, strict: false);

    /// <summary>Plans a job, puts plan and request into a store.</summary>
    /// <returns>The plan.</returns>
    public async Task<WorkPlan> PutAsync(IArtifactStore store, ulong seed = 1, int? blocks = 2, int? shards = 2, string scheme = "W8A8", long order = 0)
    {
        WorkPlan plan = Plan(seed, blocks, shards, scheme);
        await StoredPlans.PutAsync(store, plan, CancellationToken.None);
        await StoredRequests.PutAsync(
            store,
            new JobRequest { Job = plan.Id, Name = "small", Order = order, Model = InputPlace.Mounted(ModelPath), Text = InputPlace.Self },
            CancellationToken.None);
        return plan;
    }

    public WorkPlan Plan(ulong seed = 1, int? blocks = 2, int? shards = 2, string scheme = "W8A8")
    {
        using MambaCheckpoint checkpoint = MambaCheckpoint.Open(ModelPath);
        return WorkPlanner.Plan(new PlanRequest
        {
            Recipe = Recipe(scheme),
            Model = ModelIdentity.Of(checkpoint),
            Calibration = Calibration(seed).Identify(ModelPath, null),
            Profile = _kernels.Profile,
            Options = new PlanOptions { Blocks = blocks, Shards = shards },
        });
    }

    /// <summary>The files of the checkpoint that the embedded engine makes.</summary>
    public IReadOnlyDictionary<string, byte[]> Expected(ulong seed = 1, int? blocks = 2, int? shards = 2, string scheme = "W8A8")
    {
        string output = _folder.File($"expected-{seed}-{blocks}-{shards}-{scheme}");
        QuantizeOptions options = QuantizeOptions.Of(ModelPath, output, Recipe(scheme)) with
        {
            Calibration = Calibration(seed),
            Plan = new PlanOptions { Blocks = blocks, Shards = shards },
        };
        new LocalEngine(_kernels, TimeProvider.System).Quantize(options, new Progress<StageProgress>(), CancellationToken.None);
        return Files(output);
    }

    /// <summary>Every file of a checkpoint but run.json, by name.</summary>
    public static IReadOnlyDictionary<string, byte[]> Files(string folder) => Directory.GetFiles(folder)
        .Where(path => Path.GetFileName(path) != "run.json")
        .ToDictionary(path => Path.GetFileName(path), System.IO.File.ReadAllBytes, StringComparer.Ordinal);

    public void Dispose()
    {
        _kernels.Dispose();
        _folder.Dispose();
    }
}
