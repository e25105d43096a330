using System.Collections.Concurrent;
using System.Collections.Immutable;
using MambaQuant.Grains.Hosting;
using MambaQuant.Grains.Jobs;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Scheduling.Inputs;
using MambaQuant.Pipeline.Scheduling.Outputs;
using Orleans.Concurrency;

namespace MambaQuant.Grains.Tests.Jobs;

/// <summary>See <see cref="IScenarioGrain"/>. Its journal lies in the silos' store, so that an activation elsewhere goes on from it.</summary>
/// <param name="options">The silo.</param>
[Reentrant]
public sealed class ScenarioGrain(MambaQuantSiloOptions options) : Grain, IScenarioGrain
{
    private readonly StandingClock _clock = new();
    private JobConductor? _conductor;
    private Task _pump = Task.CompletedTask;

    /// <summary>The work of the scenarios, by job: no plan stands behind them.</summary>
    internal static ConcurrentDictionary<string, WorkGraph> Graphs { get; } = new(StringComparer.Ordinal);

    public async Task<string[]> SendAsync(string input)
    {
        WorkGraph graph = Graphs[this.GetPrimaryKeyString()];
        if (_conductor is null)
        {
            var job = new ConductedJob(this.GetPrimaryKeyString(), graph, "cpu", null);
            _conductor = await JobConductor.OpenAsync(job, $"owner {GrainContext.ActivationId}", options.Store, _clock, CancellationToken.None);
            _pump = PumpAsync(_conductor);
        }

        SchedulerInput read = SchedulingText.ReadInput(input);
        ImmutableArray<SchedulerOutput> said = await _conductor.SendAsync(read is JobSubmitted submitted ? submitted with { Graph = graph } : read);
        return [.. said.Select(output => SchedulingText.Write(output))];
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _conductor?.Close();
        await _pump;
        await base.OnDeactivateAsync(reason, cancellationToken);
    }

    private static async Task PumpAsync(JobConductor conductor)
    {
        try
        {
            while (true)
            {
                await conductor.NextAsync(CancellationToken.None);
            }
        }
        catch (ObjectDisposedException)
        {
            return; // the activation ends
        }
    }
}
