namespace MambaQuant.Client.Doctor;

/// <summary>Processors that the process may use.</summary>
internal sealed class ProcessorCheck : IMachineCheck
{
    private const string Name = "processors";

    /// <inheritdoc/>
    public CheckResult Run(MachineFacts facts) => facts.Processors > 1
        ? new CheckResult(Name, CheckStatus.Pass, $"{facts.Processors}")
        : new CheckResult(Name, CheckStatus.Warn, "1", "work is spread over processors; allow this process more of them if the machine has any");
}
