namespace MambaQuant.Client.Simulating;

/// <summary>A run of a job as its journal tells it.</summary>
/// <param name="Job">Identity of the job.</param>
/// <param name="State">How it stands.</param>
/// <param name="Seconds">From the first to the last record.</param>
/// <param name="Workers">Workers that ended an attempt.</param>
/// <param name="Attempts">Attempts that ended.</param>
/// <param name="ItemsWithTimes">Items whose time it tells.</param>
internal sealed record RecordedReport(string Job, string State, double Seconds, int Workers, int Attempts, int ItemsWithTimes);
