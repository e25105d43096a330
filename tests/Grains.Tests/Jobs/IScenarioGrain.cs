namespace MambaQuant.Grains.Tests.Jobs;

/// <summary>A conductor in a grain, pumped on the activation's own turns as a job's is; what it is told is told by a scenario.</summary>
[Alias("mq.test.IScenarioGrain")]
public interface IScenarioGrain : IGrainWithStringKey
{
    /// <summary>Tells it something.</summary>
    /// <param name="input">The input, as a journal has it.</param>
    /// <returns>What the scheduler said, as JSON lines.</returns>
    [Alias("Send")]
    Task<string[]> SendAsync(string input);
}
