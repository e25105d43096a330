namespace MambaQuant.Client.Doctor;

/// <summary>What a check of the machine found.</summary>
/// <param name="Name">What was checked.</param>
/// <param name="Status">How it ended.</param>
/// <param name="Detail">What was found.</param>
/// <param name="Fix">What to do about it; null where there is nothing to do.</param>
internal sealed record CheckResult(string Name, CheckStatus Status, string Detail, string? Fix = null);
