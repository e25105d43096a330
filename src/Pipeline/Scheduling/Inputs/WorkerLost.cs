using System.Text.Json.Serialization;

namespace MambaQuant.Pipeline.Scheduling.Inputs;

/// <summary>A worker is gone, and with it the item it held.</summary>
/// <param name="At">When.</param>
/// <param name="Worker">Its name.</param>
/// <param name="Cause">Why, for people.</param>
/// <param name="Drained">Whether it was sent away (pre-empted, scaled down): its item is not to blame and nothing is counted.</param>
public sealed record WorkerLost(long At, string Worker, string Cause, bool Drained) : SchedulerInput(At)
{
    /// <summary>Whether it only goes if it holds nothing: it may have been given an item while it was saying so.</summary>
    /// <value>False by default.</value>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool OnlyIfFree { get; init; }
}
