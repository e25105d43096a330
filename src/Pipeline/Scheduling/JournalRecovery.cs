using System.Collections.Immutable;

namespace MambaQuant.Pipeline.Scheduling;

/// <summary>How a job stands, worked out from the newest whole snapshot and the chunks behind it.</summary>
/// <param name="State">The state behind the last record.</param>
/// <param name="Chunks">Number of the last chunk; the next one to write has the next number.</param>
/// <param name="SnapshotChunk">Number of the last chunk that the snapshot stands for; 0, or that of the chunk at which the journal began anew, where all was replayed from there.</param>
/// <param name="Records">Records behind the snapshot.</param>
/// <param name="PassedOver">Snapshots that could not be used, and why: for people.</param>
public sealed record JournalRecovery(SchedulerState State, int Chunks, int SnapshotChunk, int Records, ImmutableArray<string> PassedOver);
