using System.Globalization;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Inputs;
using MambaQuant.Pipeline.Local;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Recipes;

namespace MambaQuant.Testing;

/// <summary>A random model, jobs about it that a store is given for a cluster, and what the embedded engine makes of them.</summary>
/// <remarks>A job is told from the others by its seed; the same values give the same job. Not for several threads at once.</remarks>
public class SmallJob : IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly CpuKernels _kernels = new(new CpuKernelsOptions { Threads = 1 });
    private readonly Dictionary<string, string> _made = new(StringComparer.Ordinal);

    /// <summary>A model whose jobs take a fraction of a second, which the silos find at its path.</summary>
    public SmallJob()
        : this(new SyntheticMamba().Config with { VocabularySize = 40, DModel = 12, DInner = 24, DState = 4, DtRank = 4 })
    {
    }

    /// <summary>A model of given dimensions.</summary>
    /// <param name="config">The dimensions.</param>
    protected SmallJob(MambaConfig config)
    {
        Directory.CreateDirectory(ModelPath);
        new SyntheticMamba { Seed = 7, Config = config }.Write(ModelPath);
    }

    /// <summary>Folder of the model.</summary>
    public string ModelPath => _folder.File("model");

    /// <summary>Recipe of the jobs.</summary>
    protected string Preset { get; init; } = "smoothquant";

    /// <summary>Sequences of a job, unless it says otherwise.</summary>
    protected int Samples { get; init; } = 4;

    /// <summary>Tokens of a sequence.</summary>
    protected int SequenceLength { get; init; } = 16;

    /// <summary>How jobs are cut, unless they say otherwise.</summary>
    protected PlanOptions Grid { get; init; } = new() { Blocks = 2, Shards = 2 };

    /// <summary>Whether the model goes into the store with a job; otherwise it is one that all silos have mounted.</summary>
    protected bool IsUploaded { get; init; }

    /// <summary>Puts a job into a store: its plan, its request and, where that is wanted, its model.</summary>
    /// <param name="store">The store.</param>
    /// <param name="seed">Makes the job another one.</param>
    /// <param name="order">Its place among the jobs.</param>
    /// <param name="size">How much there is to do: sequences; null for what is usual.</param>
    /// <param name="grid">How it is cut; null for what is usual.</param>
    /// <param name="scheme">The scheme.</param>
    /// <returns>The plan.</returns>
    public async Task<WorkPlan> PutAsync(IArtifactStore store, ulong seed = 1, long order = 0, int? size = null, PlanOptions? grid = null, string scheme = "W8A8")
    {
        using MambaCheckpoint checkpoint = MambaCheckpoint.Open(ModelPath);
        WorkPlan plan = Plan(checkpoint, seed, size, grid, scheme);
        await StoredPlans.PutAsync(store, plan, CancellationToken.None);
        InputPlace model = IsUploaded
            ? await new InputUpload(store).PutModelAsync(checkpoint.Source, plan.Request.Model, null, CancellationToken.None)
            : InputPlace.Mounted(ModelPath);
        string name = string.Create(CultureInfo.InvariantCulture, $"small-{seed}");
        var request = new JobRequest { Job = plan.Id, Name = name, ModelName = plan.Request.Model.Name, Recipe = plan.Request.Recipe.Name, Scheme = scheme, Order = order, Model = model, Text = InputPlace.Self };
        await StoredRequests.PutAsync(store, request, CancellationToken.None);
        return plan;
    }

    /// <summary>Hash of the checkpoint that the embedded engine makes of a job; the values are those of <see cref="PutAsync"/>.</summary>
    /// <param name="seed">Which job.</param>
    /// <param name="size">Sequences.</param>
    /// <param name="grid">How it is cut.</param>
    /// <param name="scheme">The scheme.</param>
    public string Expected(ulong seed = 1, int? size = null, PlanOptions? grid = null, string scheme = "W8A8") => KilledRuns.HashOf(Make(seed, size, grid, scheme));

    /// <summary>The files of that checkpoint; the values are those of <see cref="PutAsync"/>.</summary>
    /// <param name="seed">Which job.</param>
    /// <param name="size">Sequences.</param>
    /// <param name="grid">How it is cut.</param>
    /// <param name="scheme">The scheme.</param>
    public IReadOnlyDictionary<string, byte[]> ExpectedFiles(ulong seed = 1, int? size = null, PlanOptions? grid = null, string scheme = "W8A8") =>
        Files(Make(seed, size, grid, scheme));

    /// <summary>Every file of a checkpoint but run.json, by name.</summary>
    /// <param name="folder">Folder of the checkpoint.</param>
    public static IReadOnlyDictionary<string, byte[]> Files(string folder) => Directory.GetFiles(folder)
        .Where(path => Path.GetFileName(path) != "run.json")
        .ToDictionary(path => Path.GetFileName(path), File.ReadAllBytes, StringComparer.Ordinal);

    /// <inheritdoc/>
    public void Dispose()
    {
        _kernels.Dispose();
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private WorkPlan Plan(MambaCheckpoint checkpoint, ulong seed, int? size, PlanOptions? grid, string scheme) => WorkPlanner.Plan(new PlanRequest
    {
        Recipe = Recipe(scheme),
        Model = ModelIdentity.Of(checkpoint),
        Calibration = Calibration(seed, size).Identify(ModelPath, null),
        Profile = _kernels.Profile,
        Options = grid ?? Grid,
    });

    /// <summary>The folder of a job's checkpoint, made once.</summary>
    private string Make(ulong seed, int? size, PlanOptions? grid, string scheme)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"expected-{seed}-{size}-{grid?.Blocks}-{grid?.Shards}-{scheme}");
        if (!_made.TryGetValue(name, out string? output))
        {
            QuantizeOptions options = QuantizeOptions.Of(ModelPath, _folder.File(name), Recipe(scheme)) with { Calibration = Calibration(seed, size), Plan = grid ?? Grid };
            new LocalEngine(_kernels, TimeProvider.System).Quantize(options, new Progress<StageProgress>(), CancellationToken.None);
            _made[name] = output = _folder.File(name);
        }

        return output;
    }

    private CalibrationOptions Calibration(ulong seed, int? size) =>
        new() { Samples = size ?? Samples, SequenceLength = SequenceLength, SearchSamples = 4, Seed = seed };

    private Recipe Recipe(string scheme) => RecipePresets.Get(Preset, scheme, strict: false);
}
