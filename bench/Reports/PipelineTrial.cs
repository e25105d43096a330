using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Local;
using MambaQuant.Quant.Datasets;
using MambaQuant.Quant.Inference;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Method;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Recipes;
using MambaQuant.Storage;
using MambaQuant.Testing;

namespace MambaQuant.Reports;

/// <summary>Measures and checks the pipeline on one model.</summary>
internal sealed class PipelineTrial : IDisposable
{
    private static readonly string[] FirstPass = ["Tokenize", "ObserveOriginal", "ObserveRanges", "ReduceOriginal", "ReduceRanges", "ResidualRotation"];

    private readonly TemporaryDirectory _folder = new();
    private readonly CpuKernels _kernels = new();
    private readonly string _model;
    private readonly int _samples;
    private readonly int _length;
    private readonly CalibrationSet _sequences;
    private int _outputs;

    /// <summary>Samples the calibration text, which every measurement shares.</summary>
    public PipelineTrial(string model, int samples, int length)
    {
        (_model, _samples, _length) = (model, samples, length);
        using MambaCheckpoint checkpoint = MambaCheckpoint.Open(model);
        using MambaLanguageModel language = MambaLanguageModels.LoadFloat(_kernels, checkpoint);
        _sequences = SelfSampler.Sample(_kernels, language, samples, length, seed: 0);
    }

    /// <summary>The engine beside the bare calls of the stages, in turns.</summary>
    public string Overhead(int repeats, params string[] presets)
    {
        var text = new StringBuilder("## Overhead\n\n");
        text.Append(CultureInfo.InvariantCulture, $"{Path.GetFileName(_model)}, {_samples} × {_length} tokens sampled before; medians of {repeats} runs in turns. Stages = `ModelStages`, which keeps everything in memory. Engine = `LocalEngine` with a store beside the output, hashing, journal and checksums included. Processor time counts all threads and does not mind other programs.\n\n");
        text.Append("| preset | stages s | engine, 1 worker s | over stages | engine, workers by itself s | over stages | stages cpu s | engine cpu s | over stages |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|\n");
        foreach (string preset in presets)
        {
            Recipe recipe = RecipePresets.Get(preset);
            Stages(recipe);
            Engine(recipe, 1);
            var timings = new List<(double Wall, double Cpu)>[] { [], [], [] };
            for (int repeat = 0; repeat < repeats; repeat++)
            {
                timings[0].Add(Timed(() => Stages(recipe)));
                timings[1].Add(Timed(() => Engine(recipe, 1)));
                timings[2].Add(Timed(() => Engine(recipe, workers: null)));
            }

            (double Wall, double Cpu)[] median = [.. timings.Select(runs => (Median(runs.Select(run => run.Wall)), Median(runs.Select(run => run.Cpu))))];
            text.Append(
                CultureInfo.InvariantCulture,
                $"| {preset} W8A8 | {median[0].Wall:F2} | {median[1].Wall:F2} | {Over(median[1].Wall, median[0].Wall)} | {median[2].Wall:F2} | {Over(median[2].Wall, median[0].Wall)} | {median[0].Cpu:F2} | {median[1].Cpu:F2} | {Over(median[1].Cpu, median[0].Cpu)} |\n");
        }

        return text.ToString();
    }

    /// <summary>The same bytes whatever the number of workers.</summary>
    public string Workers(params int[] counts)
    {
        var text = new StringBuilder("## Workers\n\nOne hash over all files of a checkpoint but run.json, `mambaquant` W4A8 in 2 blocks and 4 shards.\n\n| workers | hash |\n|---:|---|\n");
        Recipe recipe = RecipePresets.Get(RecipePresets.MambaQuant, "W4A8");
        foreach (int workers in counts)
        {
            string output = Engine(recipe, workers, options => options with { Plan = new() { Blocks = 2, Shards = 4 } });
            text.Append(CultureInfo.InvariantCulture, $"| {workers} | `{KilledRuns.HashOf(output)}` |\n");
        }

        return text.ToString();
    }

    /// <summary>How much of the first pass a second scheme repeats.</summary>
    public string SecondScheme()
    {
        string folder = _folder.File("schemes");
        Engine(RecipePresets.Get(RecipePresets.MambaQuant), workers: null, options => options with { OpenStore = _ => Open(folder) });
        Dictionary<string, int> before = Items(folder);
        string second = Engine(RecipePresets.Get(RecipePresets.MambaQuant, "W4A8"), workers: null, options => options with { OpenStore = _ => Open(folder) });
        Dictionary<string, int> after = Items(folder);
        using JsonDocument run = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(second, "run.json")));
        JsonElement counts = run.RootElement.GetProperty("items");
        var text = new StringBuilder("## A second scheme\n\n`mambaquant` W8A8, then W4A8 in the same store: items by kind. A key is made once, so what is more is what the second scheme made.\n\n| item | after W8A8 | after W4A8 |\n|---|---:|---:|\n");
        foreach (string kind in after.Keys.Order(StringComparer.Ordinal))
        {
            text.Append(CultureInfo.InvariantCulture, $"| {kind} | {before.GetValueOrDefault(kind)} | {after[kind]} |\n");
        }

        int repeated = FirstPass.Sum(kind => after.GetValueOrDefault(kind) - before.GetValueOrDefault(kind));
        return text.Append(
            CultureInfo.InvariantCulture,
            $"\nItems of the first pass that W4A8 made again: {repeated}. Its run.json counts {counts.GetProperty("made")} made, its checkpoint among them, {counts.GetProperty("reused")} found done and {counts.GetProperty("repeated")} begun again; new in the store are {after.Values.Sum() - before.Values.Sum()}, so that none was run again under its old key.\n").ToString();
    }

    /// <summary>Kills processes at random moments, in both kinds of store.</summary>
    public string Kills(int kills, int samples, int seed)
    {
        const int Workers = 2;
        string[] command =
        [
            "dotnet", "exec", ProgramFile.CommandLine, "quantize", _model, "--workers", $"{Workers}", "--samples", $"{samples}", "--seq-len", $"{_length}", "--shards", "4", "--blocks", "2",
        ];
        long started = Stopwatch.GetTimestamp();
        KilledRuns.Of(Directory.CreateDirectory(_folder.File("unkilled")).FullName, (output, _) => [.. command, "--out", output], kills: 0, TimeSpan.Zero, seed);
        TimeSpan duration = Stopwatch.GetElapsedTime(started);
        string expected = KilledRuns.HashOf(Path.Combine(_folder.File("unkilled"), "round-0"));
        var text = new StringBuilder("## Kills\n\n");
        text.Append(CultureInfo.InvariantCulture, $"`mambaquant` W8A8 on {samples} × {_length} tokens, {Workers} workers, 2 blocks and 4 shards: {duration.TotalSeconds:F1} s in one go. SIGKILL at any moment of the first half of that (seed {seed}), the same command again until it ends, then anew, until the number is reached. In flight are at most {Workers} items.\n\n");
        text.Append("| store | kills | checkpoints | different from the one made in one go | items begun again | killed runs that had begun | most in flight at a kill | most begun again for one kill | kills that repeated more than was in flight |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|\n");
        Row("folder", round => _folder.File($"killed-store-{round}"));
        if (AzuriteServer.MissingReason is { } reason)
        {
            text.Append(CultureInfo.InvariantCulture, $"\nBlob store: not run; {reason}.\n");
        }
        else
        {
            Row("blob store (Azurite)", round => AzuriteServer.Shared.ConnectionString() + $"Container=killed-{seed}-{round}");
        }

        return text.ToString();

        void Row(string name, Func<int, string> store)
        {
            string folder = Directory.CreateDirectory(_folder.File($"killed-{name.Length}")).FullName;
            KilledRuns runs = KilledRuns.Of(
                folder,
                (output, round) => [.. command, "--out", output, "--store", store(round)],
                kills,
                duration / 2,
                seed,
                round => ArtifactStores.OpenAsync(store(round), CancellationToken.None).GetAwaiter().GetResult());
            int different = runs.Hashes.Count(hash => hash != expected);
            text.Append(CultureInfo.InvariantCulture, $"| {name} | {runs.Kills} | {runs.Rounds} | {different} | {runs.Repeated} | {runs.Runs.Count} | {runs.Runs.Max(run => run.InFlight)} | {runs.MostRepeated} | {runs.Runs.Count(run => run.Repeated > run.InFlight)} |\n");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _kernels.Dispose();
        _folder.Dispose();
    }

    private static Task<IArtifactStore> Open(string folder) => Task.FromResult<IArtifactStore>(DirectoryArtifactStore.OpenOrCreate(folder));

    private static string Over(double value, double reference) => string.Create(CultureInfo.InvariantCulture, $"{100 * ((value / reference) - 1):+0.0;-0.0} %");

    private static double Median(IEnumerable<double> values) => values.Order().ToArray() is var sorted && sorted.Length % 2 == 1
        ? sorted[sorted.Length / 2]
        : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;

    private static (double Wall, double Cpu) Timed(Action work)
    {
        TimeSpan cpu = Environment.CpuUsage.TotalTime;
        long started = Stopwatch.GetTimestamp();
        work();
        return (Stopwatch.GetElapsedTime(started).TotalSeconds, (Environment.CpuUsage.TotalTime - cpu).TotalSeconds);
    }

    private void Stages(Recipe recipe)
    {
        using MambaCheckpoint checkpoint = MambaCheckpoint.Open(_model);
        var context = new MethodContext(_kernels, checkpoint, recipe);
        ModelStatistics observed = ModelStages.Observe(context, _sequences);
        TransformChoice choice = ModelStages.ChooseTransform(context, _sequences, observed);
        ModelStatistics ranges = ModelStages.Observe(context, _sequences, choice);
        using QuantizedModel quantized = ModelStages.Quantize(context, choice, observed, ranges);
        quantized.Write(NextOutput(), _sequences, seed: 0);
    }

    private string Engine(Recipe recipe, int? workers, Func<QuantizeOptions, QuantizeOptions>? edit = null)
    {
        string output = NextOutput();
        using var backends = new CpuBackends(Environment.ProcessorCount);
        QuantizeOptions options = QuantizeOptions.Of(_model, output, recipe) with { Sequences = _sequences, Workers = workers };
        new LocalEngine(backends, TimeProvider.System).Quantize(edit?.Invoke(options) ?? options, new Progress<StageProgress>(), CancellationToken.None);
        return output;
    }

    private string NextOutput() => _folder.File($"output-{_outputs++}");

    private static Dictionary<string, int> Items(string folder)
    {
        IArtifactStore store = DirectoryArtifactStore.Open(folder);
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (ArtifactInfo receipt in store.ListAsync("items/", CancellationToken.None).ToBlockingEnumerable().Where(found => found.Name.EndsWith("/receipt", StringComparison.Ordinal)))
        {
            using Stream stream = store.OpenReadAsync(receipt.Name, 0, null, CancellationToken.None).GetAwaiter().GetResult();
            using JsonDocument json = JsonDocument.Parse(stream);
            string kind = json.RootElement.GetProperty("Label").GetString()!.Split(' ')[0];
            counts[kind] = counts.GetValueOrDefault(kind) + 1;
        }

        return counts;
    }
}
