namespace MambaQuant.Pipeline.Scheduling;

/// <summary>Somebody else drives the job now: this owner stops, and leaves the job to the other.</summary>
/// <param name="job">Identity of the job.</param>
/// <param name="owner">Who has to stop.</param>
/// <param name="successor">Who drives the job now.</param>
/// <param name="chunk">The chunk of the journal that both wanted to write.</param>
public sealed class StaleOwnerException(string job, string owner, string successor, string chunk)
    : Exception($"job {job} is driven by '{successor}' now ({chunk} in its journal); '{owner}' stops, and nothing that is done is lost")
{
    /// <summary>Identity of the job.</summary>
    public string Job { get; } = job;

    /// <summary>Who drives the job now.</summary>
    public string Successor { get; } = successor;
}
