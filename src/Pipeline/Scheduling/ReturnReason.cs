namespace MambaQuant.Pipeline.Scheduling;

/// <summary>What ended an attempt without a result.</summary>
public enum ReturnReason
{
    /// <summary>The worker said that it failed; counts as a failure of the item and of the worker.</summary>
    Failed,

    /// <summary>The worker is gone; counts as a death, unless the item's last one was less than a heartbeat before: nodes die with all their workers.</summary>
    WorkerLost,

    /// <summary>
    /// The worker was not heard of for a lease's length; counts as a death if it was heard of before, so that it can have been the item's fault.
    /// </summary>
    Expired,

    /// <summary>The worker was drained or pre-empted; not counted.</summary>
    Released,

    /// <summary>What another item made is missing or corrupt; not counted.</summary>
    InputLost,
}
