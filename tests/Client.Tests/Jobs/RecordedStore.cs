using System.Collections.Immutable;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Scheduling.Inputs;
using MambaQuant.Pipeline.Scheduling.Outputs;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Recipes;
using MambaQuant.Testing;

namespace MambaQuant.Client.Tests.Jobs;

/// <summary>A folder store with jobs that one worker ran, each item in a second, without computing anything.</summary>
internal sealed class RecordedStore : IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly DirectoryArtifactStore _store;

    public RecordedStore()
    {
        _store = DirectoryArtifactStore.OpenOrCreate(Path);
    }

    public string Path => _folder.File("store");

    public IArtifactStore Store => _store;

    /// <summary>The plan of a tiny job.</summary>
    public static WorkPlan Plan(string scheme) => WorkPlanner.Plan(new PlanRequest
    {
        Recipe = RecipePresets.Get(RecipePresets.RoundToNearest, scheme),
        Model = ModelIdentity.OfShape("mamba-130m", PublishedModels.Find("130m")!.Config),
        Calibration = new CalibrationIdentity { Source = "text", Text = "text", Samples = 4, SequenceLength = 64 },
        Profile = "any",
        Options = new PlanOptions { Shards = 2 },
    });

    /// <summary>Puts a plan that nobody ran.</summary>
    public void AddPlan(WorkPlan plan) => StoredPlans.PutAsync(_store, plan, CancellationToken.None).Wait();

    /// <summary>Puts a job: its plan, a journal of the first items, and what these made.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="items">Items that the worker makes before it is heard of no more.</param>
    public void Add(WorkPlan plan, int items)
    {
        AddPlan(plan);
        List<SchedulerInput> records = [];
        SchedulerState state = SchedulerState.Empty;
        long now = 0;
        Queue<Assign> assigned = [];
        Send(new JobSubmitted(now, plan.Id, "any", new SchedulerOptions(), []) { Graph = plan.Graph });
        Send(new WorkerJoined(now, "first", long.MaxValue, "any"));
        Send(new WorkRequested(now, "first"));
        Assign failing = assigned.Dequeue();
        now += 500;
        Send(new WorkFailed(now, "first", failing.Item, failing.Attempt, WorkFailure.Transient, "the disk blinked"));
        Send(new WorkRequested(now, "first"));
        now += 2_000;
        Send(new Tick(now));
        for (int made = 0; made < items && assigned.TryDequeue(out Assign? next); made++)
        {
            now += 1_000;
            Send(new Tick(now));
            Put(plan.Graph.Items[next.Item], ItemOutputs.Receipt);
            Send(new WorkCompleted(now, "first", next.Item, next.Attempt, "sum", Asks: true));
        }

        new JournalWriter(_store, plan.Id, "test", 0).CommitAsync(records, CancellationToken.None).Wait();

        void Send(SchedulerInput input)
        {
            SchedulerStep step = Scheduler.Step(state, input);
            state = step.State;
            records.AddRange(step.Record is { } record ? [record] : []);
            foreach (Assign assign in step.Outputs.OfType<Assign>())
            {
                assigned.Enqueue(assign);
            }
        }
    }

    /// <summary>Puts something under an item's key.</summary>
    public void Put(WorkItem item, string output) => Put(WorkPlan.NameOf(item.Key, output));

    /// <summary>Puts ten bytes.</summary>
    public void Put(string name) =>
        _store.PutIfAbsentAsync(name, async (stream, cancellation) => await stream.WriteAsync(new byte[10], cancellation), CancellationToken.None).Wait();

    /// <summary>Alters a byte of an artifact's file.</summary>
    /// <param name="name">The artifact.</param>
    /// <param name="place">Which byte; negative ones count from the end.</param>
    public void Damage(string name, int place)
    {
        string file = System.IO.Path.Combine(Path, name + ".sealed");
        byte[] bytes = File.ReadAllBytes(file);
        bytes[place < 0 ? bytes.Length + place : place] ^= 4;
        File.WriteAllBytes(file, bytes);
    }

    /// <summary>The names of all artifacts.</summary>
    public ImmutableArray<string> Names() => [.. _store.ListAsync("", CancellationToken.None).ToBlockingEnumerable().Select(artifact => artifact.Name)];

    public void Dispose() => _folder.Dispose();
}
