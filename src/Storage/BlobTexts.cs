using System.Xml;
using Azure;
using Azure.Identity;
using MambaQuant.Pipeline.Artifacts;

namespace MambaQuant.Storage;

/// <summary>The messages of a blob store. None repeats what a service or a library wrote about a request: an address may carry a secret.</summary>
internal static class BlobTexts
{
    /// <summary>Whether an exception means that the service failed, rather than the caller or the program.</summary>
    /// <param name="failure">The exception.</param>
    /// <param name="cancellation">The caller's own; what it stops is no failure.</param>
    public static bool IsServiceFailure(Exception failure, CancellationToken cancellation) =>
        failure switch
        {
            ArtifactStoreException => false,
            OperationCanceledException => !cancellation.IsCancellationRequested,
            _ => failure is RequestFailedException or AuthenticationFailedException or AggregateException or HttpRequestException or IOException
                or XmlException or FormatException or InvalidDataException, // the last three: an answer that makes no sense
        };

    /// <summary>A service that failed.</summary>
    /// <param name="store">The store's description.</param>
    /// <param name="what">What was being done, such as "writing 'a/b'".</param>
    /// <param name="cause">What the service said.</param>
    public static ArtifactStoreException Failed(string store, string what, Exception cause)
    {
        Exception root = cause is AggregateException tries ? tries.InnerExceptions[^1] : cause;
        string text = root switch
        {
            RequestFailedException { Status: 401 or 403 } refused =>
                $"store '{store}' refuses ({what}): {Answer(refused)}. Check the key or the token: its permissions (read and list; of a job's store also create, write, delete) and its expiry",
            RequestFailedException { ErrorCode: "ContainerNotFound" } => $"the container of store '{store}' does not exist ({what}). Check the name",
            RequestFailedException { Status: > 0 } answered => $"store '{store}' failed ({what}): {Answer(answered)}",
            AuthenticationFailedException => $"nobody could be signed in for store '{store}' ({what}). Sign in (environment, managed identity, az login), or give a SAS address or a connection string",
            OperationCanceledException => $"store '{store}' did not answer in time ({what})",
            _ => $"store '{store}' cannot be reached ({what}): {root.GetType().Name}: {FirstLine(root.Message)}. Check the network and the address",
        };
        return new ArtifactStoreException(text, cause);
    }

    /// <summary>An artifact that went away between two requests of one read.</summary>
    /// <param name="store">The store's description.</param>
    /// <param name="name">The artifact.</param>
    public static ArtifactNotFoundException Vanished(string store, string name) =>
        new(name, $"artifact '{name}' of store '{store}' was deleted or made again while it was read; read it again");

    private static string Answer(RequestFailedException failure) => $"status {failure.Status}{(failure.ErrorCode is { Length: > 0 } code ? $", {code}" : "")}";

    private static string FirstLine(string message) => message.Split('\n')[0].TrimEnd();
}
