using MambaQuant.Pipeline.Local;

namespace MambaQuant.Client.Failures;

/// <summary>An exception as the user meets it.</summary>
/// <param name="ExitCode">One of <see cref="ExitCodes"/>.</param>
/// <param name="Message">What, where, expected against found, next step.</param>
/// <param name="Cause">The exception.</param>
internal sealed record Failure(int ExitCode, string Message, Exception Cause)
{
    /// <summary>Translates an exception; an unknown one is a bug of the program and says so.</summary>
    /// <param name="exception">The exception.</param>
    /// <param name="cancellation">The token of the run: a cancellation counts as Ctrl-C only when it was asked for.</param>
    public static Failure Of(Exception exception, CancellationToken cancellation)
    {
        Exception cause = Unwrap(exception);
        if (cause is OperationCanceledException && cancellation.IsCancellationRequested)
        {
            return new Failure(ExitCodes.Interrupted, cause is RunInterruptedException or StillRunningException ? cause.Message : "stopped; nothing half-written is left", cause);
        }

        return FailureCodes.Find(cause) is { } code
            ? new Failure(code, FailureText.Of(cause), cause)
            : new Failure(ExitCodes.UnexpectedError, FailureText.OfBug(cause), cause);
    }

    /// <summary>Prints the failure.</summary>
    /// <param name="context">Where to.</param>
    /// <returns>The exit code.</returns>
    public int Report(CommandContext context)
    {
        context.Error.WriteLine(ExitCode == ExitCodes.Interrupted ? Message : $"error: {Message}");
        if (context.ShowTraces)
        {
            context.Error.WriteLine(Cause);
        }

        return ExitCode;
    }

    /// <summary>A parallel loop wraps what its bodies threw; the first of several counts.</summary>
    private static Exception Unwrap(Exception exception)
    {
        while (exception is AggregateException { InnerException: { } inner })
        {
            exception = inner;
        }

        return exception;
    }
}
