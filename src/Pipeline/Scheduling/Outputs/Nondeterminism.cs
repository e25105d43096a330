namespace MambaQuant.Pipeline.Scheduling.Outputs;

/// <summary>Two workers made different bytes of one item.</summary>
/// <param name="Item">Index of the item.</param>
/// <param name="FirstWorker">Who made what counts; "store" for what was there when the job was submitted.</param>
/// <param name="FirstChecksum">Its checksum.</param>
/// <param name="SecondWorker">Who made something else.</param>
/// <param name="SecondChecksum">Its checksum.</param>
public sealed record Nondeterminism(int Item, string FirstWorker, string FirstChecksum, string SecondWorker, string SecondChecksum)
    : SchedulerOutput;
