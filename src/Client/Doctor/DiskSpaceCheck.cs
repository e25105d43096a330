namespace MambaQuant.Client.Doctor;

/// <summary>Room on the disk of the output folder.</summary>
internal sealed class DiskSpaceCheck : IMachineCheck
{
    private const string Name = "disk space";
    private const long LittleBytes = 5_000_000_000;
    private const long TooLittleBytes = 50_000_000;

    /// <inheritdoc/>
    public CheckResult Run(MachineFacts facts) => facts.FreeBytes switch
    {
        null => new CheckResult(Name, CheckStatus.Warn, $"unknown for {facts.Folder}", "make sure that a model's size fits"),
        < TooLittleBytes and { } free => new CheckResult(Name, CheckStatus.Fail, $"{ByteText.Readable(free)} free for {facts.Folder}", "free some space, or name a folder on another disk"),
        < LittleBytes and { } free => new CheckResult(Name, CheckStatus.Warn, $"{ByteText.Readable(free)} free for {facts.Folder}", "enough for small models; a checkpoint of billions of parameters takes some GB"),
        { } free => new CheckResult(Name, CheckStatus.Pass, $"{ByteText.Readable(free)} free for {facts.Folder}"),
    };
}
