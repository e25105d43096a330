namespace MambaQuant.Client.Doctor;

/// <summary>Whether a LAPACK is installed; none is needed.</summary>
internal sealed class LinearAlgebraCheck : IMachineCheck
{
    private const string Name = "linear algebra";

    /// <inheritdoc/>
    public CheckResult Run(MachineFacts facts) => new(
        Name, CheckStatus.Pass, facts.Lapack is { } lapack ? $"built in ({lapack} is installed, and not needed)" : "built in (no LAPACK is installed, none is needed)");
}
