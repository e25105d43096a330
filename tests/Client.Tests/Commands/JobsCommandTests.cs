using System.Text.Json;
using MambaQuant.Client.Tests.Jobs;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Planning;
using Xunit;

namespace MambaQuant.Client.Tests.Commands;

public sealed class JobsCommandTests : IDisposable
{
    private const string Orphan = "items/0000000000000000000000000000000000000000000000000000000000000000/statistics-000";

    private readonly RecordedStore _store = new();
    private readonly WorkPlan _plan = RecordedStore.Plan("W8A8");
    private readonly WorkPlan _other = RecordedStore.Plan("W4A8");

    public void Dispose() => _store.Dispose();

    [Fact]
    public void List_ShowsEveryJob_HowItStands_AndWhatItIsOf()
    {
        _store.Add(_plan, items: 3);
        _store.AddPlan(_other);

        CapturedRun run = new("jobs", "list", "--store", _store.Path);

        Assert.Equal("", run.Error);
        Assert.Matches($@"\n{_plan.Id} +not ended +3 +{_plan.Graph.Items.Length} +mamba-130m +rtn +W8A8\n", run.Output);
        Assert.Matches($@"\n{_other.Id} +planned +0 +{_other.Graph.Items.Length} +mamba-130m +rtn +W4A8\n", run.Output);
    }

    [Fact]
    public void List_OfAnEmptyStore_SaysSo() =>
        Assert.Equal($"no jobs in {_store.Store.Description}\n", new CapturedRun("jobs", "list", "--store", _store.Path).Output);

    [Fact]
    public void List_NamesWhatCannotBeRead()
    {
        _store.Put($"jobs/{_plan.Id}/journal/00000001");
        _store.Put($"jobs/{_other.Id}/plan");

        CapturedRun run = new("jobs", "list", "--store", _store.Path, "--format", "json");

        using JsonDocument document = JsonDocument.Parse(run.Output);
        Assert.All(document.RootElement.GetProperty("jobs").EnumerateArray(), job => Assert.Equal("unreadable", job.GetProperty("state").GetString()));
        Assert.Equal(2, document.RootElement.GetProperty("jobs").GetArrayLength());
    }

    [Fact]
    public void Show_CountsItemsAttemptsAndTimes()
    {
        _store.Add(_plan, items: 3);

        CapturedRun run = new("jobs", "show", _plan.Id[..6], "--store", _store.Path, "--format", "json");

        Assert.Equal("", run.Error);
        using JsonDocument document = JsonDocument.Parse(run.Output);
        JsonElement[] kinds = [.. document.RootElement.GetProperty("kinds").EnumerateArray()];
        Assert.Equal(3, kinds.Sum(kind => kind.GetProperty("done").GetInt32()));
        Assert.Equal(1, kinds.Sum(kind => kind.GetProperty("running").GetInt32()));
        Assert.Equal(4, kinds.Sum(kind => kind.GetProperty("attempts").GetInt32()));
        Assert.Equal(1, kinds.Sum(kind => kind.GetProperty("repeated").GetInt32()));
        Assert.Equal("Tokenize: 2 attempts", Assert.Single(document.RootElement.GetProperty("repeated").EnumerateArray()).GetString());
        Assert.Equal(1, document.RootElement.GetProperty("workersSeen").GetInt32());
    }

    [Fact]
    public void Show_OfAFinishedJob_IsForPeople()
    {
        _store.Add(_plan, items: int.MaxValue);

        CapturedRun run = new("jobs", "show", _plan.Id, "--store", _store.Path);

        Assert.StartsWith($"job        {_plan.Id}, finished\nmodel      mamba-130m, rtn W8A8, calibrated on 4 × 64 tokens, ", run.Output, StringComparison.Ordinal);
        Assert.Contains($"\nitems      {_plan.Graph.Items.Length} of {_plan.Graph.Items.Length} done, in ", run.Output, StringComparison.Ordinal);
        Assert.EndsWith("\nTokenize: 2 attempts\n", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Show_OfAnUnknownJob_ListsTheKnownOnes()
    {
        _store.Add(_plan, items: 0);

        CapturedRun run = new("jobs", "show", "zzz", "--store", _store.Path);

        Assert.Equal(ExitCodes.Usage, run.ExitCode);
        Assert.Equal($"error: there is no job 'zzz' in {_store.Store.Description}; there are {_plan.Id}\n", run.Error);
    }

    [Theory]
    [InlineData("list")]
    [InlineData("gc")]
    public void MissingStore_IsAStorageFailure_AndMakesNone(string verb)
    {
        string nowhere = _store.Path + "-nowhere";

        CapturedRun run = new("jobs", verb, "--store", nowhere);

        Assert.Equal(ExitCodes.StorageFailure, run.ExitCode);
        Assert.Contains(nowhere, run.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(nowhere));
    }

    [Fact]
    public void WrongStore_IsAUsageError() =>
        Assert.Equal(ExitCodes.Usage, new CapturedRun("jobs", "list", "--store", "ftp://somewhere/else").ExitCode);

    [Fact]
    public void Gc_DeletesNothing_UntilItIsTold()
    {
        _store.Add(_plan, items: 3);
        _store.Put(Orphan);
        string[] before = [.. _store.Names()];

        CapturedRun run = new("jobs", "gc", "--store", _store.Path);

        Assert.Equal(before, _store.Names());
        Assert.StartsWith("1 artifacts, 10 B, of items that no plan names\n0 progress checkpoints, ", run.Output, StringComparison.Ordinal);
        Assert.EndsWith("nothing was deleted: that is done with --delete\n", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Gc_DeletesOrphansAndStaleProgress_AndNothingThatARunningJobNeeds()
    {
        _store.Add(_plan, items: 3);
        WorkItem open = _plan.Graph.Items[^1];
        string[] before = [.. _store.Names()];
        _store.Put(open, ItemOutputs.Progress(8));
        _store.Put(Orphan);
        _store.Put(_plan.Graph.Items[0], ItemOutputs.Progress(8));
        _store.Put($"jobs/{_plan.Id}/snapshots/00000001");

        CapturedRun run = new("jobs", "gc", "--store", _store.Path, "--delete");

        Assert.Contains("\n1 snapshots of journals, 10 B, that are old or damaged\n", run.Output, StringComparison.Ordinal);
        Assert.EndsWith("deleted 3 artifacts\n", run.Output, StringComparison.Ordinal);
        Assert.Equal(before.Append(WorkPlan.NameOf(open.Key, ItemOutputs.Progress(8))).Order(StringComparer.Ordinal), _store.Names().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Gc_OfARunningJob_IsRefused_UnlessForced()
    {
        _store.Add(_plan, items: 3);
        string[] before = [.. _store.Names()];

        CapturedRun refused = new("jobs", "gc", "--store", _store.Path, "--job", _plan.Id, "--delete");
        Assert.Equal(ExitCodes.Usage, refused.ExitCode);
        Assert.Contains($"job {_plan.Id} has not ended: its journal knows 1 worker that has not left, whether at work or killed", refused.Error, StringComparison.Ordinal);
        Assert.Equal(before, _store.Names());

        CapturedRun forced = new("jobs", "gc", "--store", _store.Path, "--job", _plan.Id, "--delete", "--force");
        Assert.Equal(ExitCodes.Success, forced.ExitCode);
        Assert.Empty(_store.Names());
    }

    [Fact]
    public void Gc_OfAJob_KeepsWhatAnotherJobNeeds()
    {
        _store.Add(_plan, items: int.MaxValue);
        _store.Add(_other, items: int.MaxValue);
        HashSet<string> needed = [.. _other.Graph.Items.Select(item => WorkPlan.NameOf(item.Key, ItemOutputs.Receipt))];
        Assert.Contains(_plan.Graph.Items, item => needed.Contains(WorkPlan.NameOf(item.Key, ItemOutputs.Receipt)));

        CapturedRun run = new("jobs", "gc", "--store", _store.Path, "--job", _plan.Id, "--delete");

        Assert.Equal("", run.Error);
        Assert.Equal(needed.Order(StringComparer.Ordinal), _store.Names().Where(name => name.StartsWith(WorkPlan.ItemPrefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.All(_store.Names(), name => Assert.DoesNotContain(_plan.Id, name, StringComparison.Ordinal));
    }

    [Fact]
    public void Gc_WithAPlanThatCannotBeRead_DeletesNothing_AndSaysWhichJobIsInTheWay()
    {
        _store.Put(Orphan);
        _store.Put($"jobs/{_other.Id}/journal/00000001");

        CapturedRun run = new("jobs", "gc", "--store", _store.Path, "--delete");

        Assert.Equal(ExitCodes.StorageFailure, run.ExitCode);
        Assert.Contains($"what job {_other.Id} in ", run.Error, StringComparison.Ordinal);
        Assert.Contains(Orphan, _store.Names());

        // Somebody may be at work on what cannot be read.
        CapturedRun refused = new("jobs", "gc", "--store", _store.Path, "--delete", "--job", _other.Id);
        Assert.Equal(ExitCodes.Usage, refused.ExitCode);
        Assert.Contains("say --force", refused.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Success, new CapturedRun("jobs", "gc", "--store", _store.Path, "--delete", "--force", "--job", _other.Id).ExitCode);
        Assert.Empty(_store.Names());
    }

    [Theory]
    [InlineData(20)] // content: the store's own record of it stays sound
    [InlineData(-1)] // the record
    public void DamagedPlan_IsNamed_AndKeepsEverything(int place)
    {
        _store.Add(_plan, items: 3);
        _store.AddPlan(_other);
        _store.Put(Orphan);
        _store.Damage(StoredPlans.NameOf(_plan.Id), place);

        CapturedRun list = new("jobs", "list", "--store", _store.Path);
        Assert.Matches($@"\n{_plan.Id} +unreadable ", list.Output);
        Assert.Matches($@"\n{_other.Id} +planned ", list.Output);
        CapturedRun show = new("jobs", "show", _plan.Id, "--store", _store.Path);
        CapturedRun gc = new("jobs", "gc", "--store", _store.Path, "--delete");
        foreach (string text in new[] { list.Output, show.Error, gc.Error })
        {
            Assert.Contains($"the plan of job {_plan.Id} in {_store.Store.Description} is damaged: expected '{StoredPlans.NameOf(_plan.Id)}' as it was put, found ", text, StringComparison.Ordinal);
            Assert.Contains($"The command that began the job writes it again; or remove the job, if nobody runs it, with 'mambaquant jobs gc --job {_plan.Id} --force --delete'", text, StringComparison.Ordinal);
        }

        Assert.Equal((ExitCodes.StorageFailure, ExitCodes.StorageFailure), (show.ExitCode, gc.ExitCode));
        Assert.Contains("so nothing is deleted", gc.Error, StringComparison.Ordinal);
        Assert.Contains(Orphan, _store.Names());

        // And that next step works.
        Assert.Equal(ExitCodes.Success, new CapturedRun("jobs", "gc", "--store", _store.Path, "--job", _plan.Id, "--force", "--delete").ExitCode);
        Assert.DoesNotContain(Orphan, _store.Names());
        Assert.All(_store.Names(), name => Assert.DoesNotContain(_plan.Id, name, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("store-file", "expected a folder, found a file")]
    [InlineData("store-file/below", "found the file '")]
    [InlineData("/proc/store", "a place in which a folder can be made")]
    public void PlaceThatIsNoFolder_IsNamed(string place, string expected)
    {
        string folder = Path.GetDirectoryName(_store.Path)!, location = Path.Combine(folder, place);
        File.WriteAllText(Path.Combine(folder, "store-file"), "text");
        CapturedRun list = new("jobs", "list", "--store", location);
        Assert.Equal(ExitCodes.StorageFailure, list.ExitCode);
        Assert.Contains(location, list.Error, StringComparison.Ordinal);

        ArtifactStoreException failure = Assert.Throws<ArtifactStoreException>(() => DirectoryArtifactStore.OpenOrCreate(location));
        Assert.Contains(location, failure.Message, StringComparison.Ordinal);
        Assert.Contains(expected, failure.Message, StringComparison.Ordinal);
        Assert.Contains("Name a", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Simulate_TakesTheTimesOfARecordedJob()
    {
        _store.Add(_plan, items: int.MaxValue);

        CapturedRun run = new("simulate", "--store", _store.Path, "--job", _plan.Id[..8], "--nodes", "1", "--format", "json");

        Assert.Equal("", run.Error);
        using JsonDocument document = JsonDocument.Parse(run.Output);
        Assert.Equal(_plan.Graph.Items.Length, document.RootElement.GetProperty("recorded").GetProperty("itemsWithTimes").GetInt32());

        // One worker, a second an item, give or take what attempts differ by.
        Assert.InRange(document.RootElement.GetProperty("makespanSeconds").GetDouble(), 0.8 * _plan.Graph.Items.Length, 1.2 * _plan.Graph.Items.Length);
    }

    [Theory]
    [InlineData(new[] { "--job", "1" }, "--store and --job belong together")]
    [InlineData(new[] { "--job", "1", "--store", "x", "--model", "130m" }, "--job and a model exclude each other")]
    public void Simulate_RefusesHalfARecordedJob(string[] arguments, string expected)
    {
        CapturedRun run = new(["simulate", .. arguments]);

        Assert.Equal(ExitCodes.Usage, run.ExitCode);
        Assert.StartsWith($"error: {expected}", run.Error, StringComparison.Ordinal);
    }
}
