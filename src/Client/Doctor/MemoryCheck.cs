namespace MambaQuant.Client.Doctor;

/// <summary>Memory that the process may use.</summary>
internal sealed class MemoryCheck : IMachineCheck
{
    private const string Name = "memory";
    private const long LittleBytes = 4L << 30;
    private const long TooLittleBytes = 512L << 20;

    /// <inheritdoc/>
    public CheckResult Run(MachineFacts facts) => facts.MemoryBytes switch
    {
        < TooLittleBytes => new CheckResult(Name, CheckStatus.Fail, ByteText.Readable(facts.MemoryBytes), "allow this process 512 MiB or more"),
        < LittleBytes => new CheckResult(Name, CheckStatus.Warn, ByteText.Readable(facts.MemoryBytes), "enough for small models; billion-parameter ones want 4 GiB"),
        _ => new CheckResult(Name, CheckStatus.Pass, ByteText.Readable(facts.MemoryBytes)),
    };
}
