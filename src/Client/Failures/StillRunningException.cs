namespace MambaQuant.Client.Failures;

/// <summary>Somebody stopped waiting for jobs, which go on.</summary>
/// <param name="message">Which jobs, and how to watch them again.</param>
/// <param name="cancellation">What ended the waiting.</param>
internal sealed class StillRunningException(string message, CancellationToken cancellation) : OperationCanceledException(message, cancellation);
