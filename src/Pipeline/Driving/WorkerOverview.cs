namespace MambaQuant.Pipeline.Driving;

/// <summary>What a worker of a job does.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Device">The device for people; empty where not known.</param>
/// <param name="Item">Index of the item that it is at work on; null where it waits for one.</param>
/// <param name="Attempt">The attempt; 0 where it waits.</param>
/// <param name="Done">Units of the item that are done.</param>
/// <param name="Total">Units of the item in all; 0 where not yet known.</param>
/// <param name="Unit">What is counted, in the plural.</param>
/// <param name="Seconds">How long the attempt runs, as far as this driver knows; 0 where it waits.</param>
/// <param name="ItemsMade">Items that it made for this driver.</param>
public sealed record WorkerOverview(string Name, string Device, int? Item, int Attempt, long Done, long Total, string Unit, double Seconds, int ItemsMade)
{
    /// <summary>Units a second of the attempt; null where nothing can be said.</summary>
    public double? PerSecond => Done > 0 && Seconds > 0 ? Done / Seconds : null;
}
