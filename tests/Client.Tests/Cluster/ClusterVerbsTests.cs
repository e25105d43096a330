using System.Collections.Immutable;
using System.Text.Json;
using MambaQuant.Client.Cluster;
using MambaQuant.Client.Failures;
using MambaQuant.Client.Submitting;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Inputs;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Client.Tests.Cluster;

/// <summary>The verbs against a silo that works.</summary>
public sealed class ClusterVerbsTests : IDisposable
{
    private static readonly string[] Work = ["--samples", "4", "--seq-len", "16"];

    private readonly SiloHere _silo = new();
    private readonly string _model;

    public ClusterVerbsTests()
    {
        _model = Directory.CreateDirectory(_silo.Path("model")).FullName;
        new SyntheticMamba().Write(_model);
    }

    public void Dispose() => _silo.Dispose();

    [Fact]
    public void SubmitAndWait_GivesTheFilesAndTheTableOfQuantize_AndAFolderForEachPreset()
    {
        _silo.Start();
        string[] presets = ["--preset", "rtn,mambaquant"];

        (int code, string output, string error) = _silo.Run(["submit", _model, .. presets, .. Work, "--wait", "--out", _silo.Path("out")]);
        CapturedRun local = new(["quantize", _model, .. presets, .. Work, "--out", _silo.Path("local")]);

        Assert.True(code == 0, error);
        FolderBytes.AssertSame(_silo.Path("local/rtn"), _silo.Path("out/rtn"));
        FolderBytes.AssertSame(_silo.Path("local/mambaquant"), _silo.Path("out/mambaquant"));
        Assert.Equal(local.Output.Replace(_silo.Path("local"), _silo.Path("out"), StringComparison.Ordinal), output);
        Assert.Contains("quantize: 100 % (2 layers", error, StringComparison.Ordinal);
        Assert.Contains("is submitted; should this command end before it: mambaquant watch ", error, StringComparison.Ordinal);
        using JsonDocument run = JsonDocument.Parse(File.ReadAllText(_silo.Path("out/rtn/run.json")));
        Assert.Equal(_silo.Store, run.RootElement.GetProperty("store").GetString());
        Assert.True(run.RootElement.GetProperty("items").GetProperty("made").GetInt32() > 0);

        // As a pod that is ended behind its download, and begun again: what lies there is what it would fetch. Another job's checkpoint is not.
        (code, string again, error) = _silo.Run(["submit", _model, .. presets, .. Work, "--wait", "--out", _silo.Path("out")]);
        Assert.True(code == 0, error);
        Assert.Equal(output, again);
        string job = run.RootElement.GetProperty("job").GetString()!;
        Assert.Equal(0, _silo.Run("watch", job, "--out", _silo.Path("out/rtn")).Code);
        (code, _, error) = _silo.Run(["submit", _model, .. presets, "--samples", "5", "--seq-len", "16", "--wait", "--out", _silo.Path("out")]);
        Assert.Equal(ExitCodes.OutputNotEmpty, code);
        Assert.Contains("holds a finished checkpoint", error, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.OutputNotEmpty, _silo.Run("watch", job, "--out", _silo.Path("out/mambaquant")).Code);
    }

    [Fact]
    public async Task Job_IsQueuedForSlotsToCome_Watched_Listed_AndReadFromTheStoreWhenTheClusterIsGone()
    {
        _silo.Start(slots: 0);
        (int none, string nothing, _) = _silo.RunUntil("waiting for a silo with slots. --profile names them at once", ["submit", _model, "--preset", "rtn", .. Work]);
        Assert.Equal((ExitCodes.Interrupted, ""), (none, nothing));

        using Quant.Kernels.Cpu.CpuKernels kernels = new();
        (int code, string output, string error) = _silo.Run(["submit", _model, "--preset", "rtn", .. Work, "--profile", kernels.Profile]);
        Assert.True(code == 0, error);
        string job = output.TrimEnd('\n');
        Assert.Contains($"mambaquant watch {job} ", error, StringComparison.Ordinal);
        Assert.Matches($@"\n{job} +(queued|opening|running) ", _silo.Run("jobs", "list").Output);

        // The whole cluster goes, and comes back with slots; whoever waits does so all the time.
        Task<(int Code, string Output, string Error)> watch = Task.Run(() => _silo.Run("watch", job[..6], "--out", _silo.Path("out"), "--format", "json"));
        _silo.Stop();
        _silo.Start();
        (code, output, error) = await watch;
        Assert.True(code == 0, error);
        using JsonDocument report = JsonDocument.Parse(output);
        Assert.Equal(_silo.Path("out"), report.RootElement.GetProperty("checkpoints")[0].GetProperty("output").GetString());
        using JsonDocument shown = JsonDocument.Parse(_silo.Run("jobs", "show", job, "--format", "json").Output);
        Assert.Equal("finished", shown.RootElement.GetProperty("phase").GetString(), ignoreCase: true);
        Assert.Contains("had finished already", _silo.Run("cancel", job).Output, StringComparison.Ordinal);

        _silo.Stop();
        (code, output, error) = _silo.Run("watch", job, "--out", _silo.Path("again"));
        Assert.True(code == 0, error);
        Assert.StartsWith($"{_silo.Path("again")}: rtn W8A8", output, StringComparison.Ordinal);
        FolderBytes.AssertSame(_silo.Path("out"), _silo.Path("again"));
    }

    [Fact]
    public async Task Inputs_ThatWereNamedWrongly_AreThoseOfTheNextSubmission()
    {
        _silo.Start(slots: 0);
        using Quant.Kernels.Cpu.CpuKernels kernels = new();
        string gone = _silo.Path("gone");
        new SyntheticMamba().Write(Directory.CreateDirectory(gone).FullName);
        (int code, string output, string error) = _silo.Run(["submit", $"mounted:{gone}", "--preset", "rtn", .. Work, "--profile", kernels.Profile]);
        Assert.True(code == 0, error);
        string job = output.TrimEnd('\n');
        Directory.Delete(gone, recursive: true);
        (code, _, error) = _silo.Run(["submit", _model, "--preset", "rtn", .. Work, "--profile", kernels.Profile]);
        Assert.True(code == 0, error);
        Assert.Contains($"warning: job {job} was submitted before, and goes on with the model and texts that were named then", error, StringComparison.Ordinal);

        Assert.Equal(0, _silo.Run("cancel", job).Code);
        _silo.Stop();
        _silo.Start();
        (code, output, error) = _silo.Run(["submit", _model, "--preset", "rtn", .. Work, "--wait", "--out", _silo.Path("out")]);

        Assert.True(code == 0, error);
        Assert.DoesNotContain("warning", error, StringComparison.Ordinal);
        JobRequest request = (await StoredRequests.FindAsync(DirectoryArtifactStore.Open(_silo.Store), job, default))!;
        Assert.Equal(InputKind.Stored, request.Model.Kind);
    }

    [Fact]
    public async Task Inputs_AreUploadedOnce_AndNamedByAnEarlierJobOrAMountedPath_WithTheSameJob()
    {
        _silo.Start();
        string job = Submit(_model), again = Submit(_model), stored = Submit($"store:{job[..6]}"), mounted = Submit($"mounted:{_model}");

        Assert.Equal([job, job, job], [again, stored, mounted]);
        List<string> uploaded = [];
        await foreach (ArtifactInfo artifact in DirectoryArtifactStore.OpenOrCreate(_silo.Store).ListAsync(StoredInputs.Prefix, CancellationToken.None))
        {
            uploaded.Add(artifact.Name);
        }

        Assert.Equal(2, uploaded.Count); // weights and config.json
        (int code, _, string error) = _silo.Run("submit", "store:zz", "--preset", "rtn");
        Assert.Equal(ExitCodes.Usage, code);
        Assert.Contains("there is no job 'zz'", error, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Usage, _silo.Run("submit", "mounted:here", "--preset", "rtn").Code);
        Assert.Equal(ExitCodes.UnsupportedModel, _silo.Run("submit", _silo.Path("nowhere"), "--preset", "rtn").Code);

        string Submit(string model)
        {
            (int submitted, string output, string told) = _silo.Run(["submit", model, "--preset", "rtn", .. Work]);
            Assert.True(submitted == 0, told);
            return output.TrimEnd('\n');
        }
    }

    [Fact]
    public async Task SilosOfAnotherStore_AreAnotherCluster()
    {
        _silo.Start();
        Assert.Equal(0, _silo.Run(["submit", _model, "--preset", "rtn", .. Work]).Code);
        var settings = new ClusterSettings(ImmutableDictionary.CreateRange([KeyValuePair.Create("Gateway", _silo.Options[3]), KeyValuePair.Create("ClusterId", _silo.Options[5])]), _ => null);
        var elsewhere = new Lazy<IArtifactStore>(() => DirectoryArtifactStore.OpenOrCreate(_silo.Path("elsewhere")));
        var same = new Lazy<IArtifactStore>(() => DirectoryArtifactStore.Open(_silo.Store));
        var context = new CommandContext { Output = TextWriter.Null, Error = TextWriter.Null, Time = TimeProvider.System };

        await using (ClusterLink link = ClusterAddresses.Link(settings, same, context))
        {
            Assert.Single(await link.CallAsync(cluster => cluster.ListAsync(), ClusterLink.Patience, CancellationToken.None));
        }

        await using ClusterLink other = ClusterAddresses.Link(settings, elsewhere, context);
        ClusterException refusal = await Assert.ThrowsAsync<ClusterException>(() => other.CallAsync(cluster => cluster.ListAsync(), TimeSpan.FromSeconds(1), CancellationToken.None));
        Assert.Equal(ExitCodes.ClusterUnavailable, refusal.ExitCode);
        Assert.Contains("silos of another store are another cluster", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void JobThatFails_EndsWithTheCodeOfQuantize_WithItsCause()
    {
        _silo.Start();
        new SyntheticMamba { Edit = (name, values) => values[0] = name.EndsWith("layers.1.mixer.out_proj.weight", StringComparison.Ordinal) ? float.NaN : values[0] }.Write(_model);

        CapturedRun local = new(["quantize", _model, "--preset", "rtn", .. Work, "--out", _silo.Path("local")]);
        (int code, _, string error) = _silo.Run(["submit", _model, "--preset", "rtn", .. Work, "--wait"]);
        string job = Path.GetFileName(Assert.Single(Directory.GetDirectories(Path.Combine(_silo.Store, "jobs"))));

        Assert.Equal((ExitCodes.NonFiniteValue, ExitCodes.NonFiniteValue), (local.ExitCode, code));
        Assert.Contains($"error: job {job} failed: ", error, StringComparison.Ordinal);
        Assert.Contains("out_proj", error, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.NonFiniteValue, _silo.Run("watch", job).Code);
    }

    [Fact]
    public void CancelledJob_EndsWithItsOwnCode_AndStoppedWaitingDoesNot()
    {
        _silo.Start(slots: 0);
        using Quant.Kernels.Cpu.CpuKernels kernels = new();
        string[] submit = ["submit", _model, "--preset", "rtn", .. Work, "--profile", kernels.Profile];

        (int code, _, string error) = _silo.RunUntil("quantizing model with rtn", [.. submit, "--wait"]);
        Assert.Equal(ExitCodes.Interrupted, code);
        string job = Path.GetFileName(Assert.Single(Directory.GetDirectories(Path.Combine(_silo.Store, "jobs"))));
        Assert.Contains($"no longer waiting; the job goes on. To wait again: mambaquant watch {job} ", error, StringComparison.Ordinal);

        Assert.StartsWith($"job {job} is cancelled", _silo.Run("cancel", job[..6]).Output, StringComparison.Ordinal);
        (code, _, error) = _silo.Run("watch", job);
        Assert.Equal(ExitCodes.JobCancelled, code);
        Assert.Contains($"error: job {job} was stopped: cancelled from ", error, StringComparison.Ordinal);
    }

    [Fact]
    public void EngineOrleans_MakesTheFilesOfTheLocalEngine()
    {
        string[] work = ["quantize", _model, "--preset", "quarot,mambaquant", .. Work];

        CapturedRun local = new([.. work, "--out", _silo.Path("local")]);
        CapturedRun orleans = new([.. work, "--out", _silo.Path("orleans"), "--engine", "orleans", "--workers", "2"]);

        Assert.Equal((0, 0), (local.ExitCode, orleans.ExitCode));
        Assert.Equal(local.Output.Replace(_silo.Path("local"), _silo.Path("orleans"), StringComparison.Ordinal), orleans.Output);
        FolderBytes.AssertSame(_silo.Path("local/quarot"), _silo.Path("orleans/quarot"));
        FolderBytes.AssertSame(_silo.Path("local/mambaquant"), _silo.Path("orleans/mambaquant"));
        Assert.False(Directory.Exists(_silo.Path("orleans.work")));
    }

    [Fact]
    public void Speed_OfAnEvaluationIsToldByEveryDriver_AndReportsNameWhatWasTyped()
    {
        string sample = Repository.Path("samples", "mamba-5m"), text = _silo.Path("text.txt");
        File.WriteAllBytes(text, File.ReadAllBytes(System.IO.Path.Combine(sample, "eval.txt")).AsSpan(0, 400));
        string[] work = [sample, "--preset", "rtn", .. Work, "--calibration", text, "--evaluate", text, "--window", "16"];
        _silo.Start();

        CapturedRun orleans = new(["quantize", .. work, "--out", _silo.Path("orleans"), "--engine", "orleans", "--workers", "2"]);
        (int code, _, string error) = _silo.Run(["submit", .. work, "--out", _silo.Path("submitted"), "--wait"]);

        Assert.True(orleans.ExitCode == 0, orleans.Error);
        Assert.True(code == 0, error);
        foreach (string folder in new[] { "orleans", "submitted" })
        {
            using JsonDocument evaluation = JsonDocument.Parse(File.ReadAllBytes(_silo.Path($"{folder}/evaluation.json")));
            Assert.All(new[] { "float", "quantized" }, model => Assert.True(evaluation.RootElement.GetProperty(model).GetProperty("tokens_per_second").GetDouble() > 0, $"{folder}: {model}"));
            Assert.Contains($"mambaquant quantize {sample} ", File.ReadAllText(_silo.Path($"{folder}/report.html")), StringComparison.Ordinal);
        }

        // Whoever watches has typed none of it: the words went with the job.
        string job = error[(error.IndexOf("job ", StringComparison.Ordinal) + 4)..].Split(' ')[0];
        (code, _, error) = _silo.Run("watch", job, "--out", _silo.Path("watched"));
        Assert.True(code == 0, error);
        string page = File.ReadAllText(_silo.Path("watched/report.html"));
        Assert.Contains($"mambaquant quantize {sample} ", page, StringComparison.Ordinal);
        Assert.Contains($"--calibration {text}", page, StringComparison.Ordinal);
    }

    [Fact]
    public void EngineOrleans_LeavesNothingWhereTheModelIsAtFault()
    {
        (new SyntheticMamba { Edit = (name, values) => values[5] = name.EndsWith("x_proj.weight", StringComparison.Ordinal) ? float.NaN : values[5] }).Write(_model);

        foreach (string engine in (string[])["local", "orleans"])
        {
            CapturedRun run = new(["quantize", _model, "--preset", "mambaquant", .. Work, "--out", _silo.Path(engine), "--engine", engine]);
            Assert.True(run.ExitCode == ExitCodes.NonFiniteValue, run.Error);
            Assert.False(Directory.Exists(_silo.Path($"{engine}.work")));
            Assert.False(Directory.Exists(_silo.Path(engine)));
        }
    }

    [Fact]
    public async Task EngineOrleans_RunsItsOwnJobAlone_AndLeavesNoRequest()
    {
        using var other = new SmallJob();
        var store = DirectoryArtifactStore.OpenOrCreate(_silo.Store);
        string waiting = (await other.PutAsync(store)).Id;

        CapturedRun run = new(["quantize", _model, "--preset", "mambaquant", .. Work, "--out", _silo.Path("out"), "--engine", "orleans", "--store", _silo.Store]);

        Assert.True(run.ExitCode == 0, run.Error);
        List<string> names = [];
        await foreach (ArtifactInfo artifact in store.ListAsync("jobs/", CancellationToken.None))
        {
            names.Add(artifact.Name);
        }

        Assert.Equal([StoredRequests.NameOf(waiting)], names.Where(name => name.EndsWith("/request", StringComparison.Ordinal)));
        Assert.DoesNotContain(names, name => name.StartsWith($"jobs/{waiting}/journal/", StringComparison.Ordinal));
    }
}
