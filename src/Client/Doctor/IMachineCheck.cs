namespace MambaQuant.Client.Doctor;

/// <summary>One independent check of the machine.</summary>
internal interface IMachineCheck
{
    /// <summary>Judges the facts.</summary>
    /// <param name="facts">What was found on the machine.</param>
    CheckResult Run(MachineFacts facts);
}
