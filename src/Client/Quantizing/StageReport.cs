namespace MambaQuant.Client.Quantizing;

/// <summary>How long a stage took.</summary>
/// <param name="Stage">Its name.</param>
/// <param name="Seconds">Wall time.</param>
internal sealed record StageReport(string Stage, double Seconds);
