using System.Diagnostics;
using System.Text;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Telemetry;

namespace MambaQuant.Pipeline.Driving;

/// <summary>The trace of the first owner of a job that was traced, in the store beside the job's plan: later owners link theirs to it. Names of spans, nothing else.</summary>
internal static class StoredTrace
{
    /// <summary>The store's name of it.</summary>
    /// <param name="job">Identity of the job.</param>
    public static string NameOf(string job) => $"{StoredPlans.PrefixOf(job)}trace";

    /// <summary>Reads it, or puts one where there is none. A store that fails costs the link, and nothing else.</summary>
    /// <param name="store">The store.</param>
    /// <param name="job">Identity of the job.</param>
    /// <param name="own">The span of the owner that asks; null where nobody listens: then nothing is read and nothing put.</param>
    /// <param name="cancellation">Stops the calls.</param>
    /// <returns>The span of the first owner; default where that is the one that asks.</returns>
    public static async Task<ActivityContext> FindOrPutAsync(IArtifactStore store, string job, Activity? own, CancellationToken cancellation)
    {
        if (own is null)
        {
            return default;
        }

        byte[] text = Encoding.ASCII.GetBytes(Tracing.Write(own.Context)!);
        try
        {
            PutOutcome outcome = await store.PutIfAbsentAsync(NameOf(job), async (stream, token) => await stream.WriteAsync(text, token).ConfigureAwait(false), cancellation).ConfigureAwait(false);
            if (outcome.Written)
            {
                return default;
            }

            Stream stored = await store.OpenReadAsync(NameOf(job), 0, null, cancellation).ConfigureAwait(false);
            using var reader = new StreamReader(stored, Encoding.ASCII);
            return Tracing.Read(await reader.ReadToEndAsync(cancellation).ConfigureAwait(false));
        }
        catch (Exception fault) when (fault is ArtifactStoreException or OperationCanceledException)
        {
            return default;
        }
    }
}
