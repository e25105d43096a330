namespace MambaQuant.Pipeline.Scheduling;

/// <summary>First line of a chunk of the journal.</summary>
/// <param name="Journal">Version of the format.</param>
/// <param name="Chunk">Number of the chunk, from 1.</param>
/// <param name="Owner">Who wrote it; makes the chunks of two owners differ even where they say the same.</param>
internal sealed record JournalHeader(int Journal, int Chunk, string Owner)
{
    /// <summary>The version that this program writes; 2 added <see cref="Inputs.WorkFailed.Fault"/>, 3 <see cref="SchedulerOptions.ReturnedFirst"/>.</summary>
    public const int Version = 3;

    /// <summary>The oldest version that this program reads.</summary>
    public const int Oldest = 1;
}
