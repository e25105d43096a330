using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Inputs;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;

namespace MambaQuant.Pipeline.Execution;

/// <summary>Tells failures that may go away by themselves from those that every attempt would meet.</summary>
public static class FailureKinds
{
    /// <summary>The kind of a failure of <see cref="WorkExecutor.ExecuteAsync"/>.</summary>
    /// <param name="failure">What it threw; not a cancellation.</param>
    /// <returns>
    /// Transient for whatever has to do with disks, networks and memory, and for a plan or request that this machine cannot read: another may. Lost inputs by
    /// their own kind; permanent for all else, a file above all that is another one than the job was planned for.
    /// </returns>
    public static WorkFailure Of(Exception failure) => failure switch
    {
        InputLostException => WorkFailure.InputLost,
        ChangedInputException { IsAnother: true } => WorkFailure.Permanent,
        InvalidPlanException or InvalidRequestException => WorkFailure.Transient,
        ArtifactStoreException or IOException or TimeoutException or OutOfMemoryException or UnauthorizedAccessException => WorkFailure.Transient,
        _ => WorkFailure.Permanent,
    };
}
