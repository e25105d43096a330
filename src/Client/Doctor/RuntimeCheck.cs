using System.Runtime.InteropServices;

namespace MambaQuant.Client.Doctor;

/// <summary>The .NET runtime: version 10 or later, 64 bits.</summary>
internal sealed class RuntimeCheck : IMachineCheck
{
    private const string Name = ".NET runtime";

    /// <inheritdoc/>
    public CheckResult Run(MachineFacts facts)
    {
        string detail = $"{facts.Runtime} on {facts.Architecture}";
        if (facts.Runtime.Major < 10)
        {
            return new CheckResult(Name, CheckStatus.Fail, detail, "install the .NET 10 SDK");
        }

        return facts.Architecture is Architecture.X64 or Architecture.Arm64
            ? new CheckResult(Name, CheckStatus.Pass, detail)
            : new CheckResult(Name, CheckStatus.Warn, detail, "tested on 64-bit x64 and Arm64 only");
    }
}
