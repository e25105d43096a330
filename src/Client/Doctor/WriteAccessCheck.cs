namespace MambaQuant.Client.Doctor;

/// <summary>Whether a file can be written into the output folder.</summary>
internal sealed class WriteAccessCheck : IMachineCheck
{
    private const string Name = "write access";

    /// <inheritdoc/>
    public CheckResult Run(MachineFacts facts) => facts.WriteError is { } error
        ? new CheckResult(Name, CheckStatus.Fail, error, "change the folder's permissions, or name another folder")
        : new CheckResult(Name, CheckStatus.Pass, facts.Folder);
}
