using System.Collections.Immutable;
using MambaQuant.Pipeline.Scheduling.Inputs;
using MambaQuant.Pipeline.Scheduling.Outputs;

namespace MambaQuant.Testing.Scenarios;

/// <summary>What a scenario is played against: the bare scheduler, or a driver of it.</summary>
public interface IScenarioDriver
{
    /// <summary>Tells what happened, at the time that the input carries.</summary>
    /// <param name="input">The input; time never goes further than it by itself.</param>
    /// <returns>What the scheduler said to it.</returns>
    Task<ImmutableArray<SchedulerOutput>> SendAsync(SchedulerInput input);

    /// <summary>Ends the owner of the job without warning; the next input goes to a new one, which knows the journal only.</summary>
    Task RestartAsync();
}
