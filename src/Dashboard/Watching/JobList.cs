using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json;
using MambaQuant.Pipeline.Artifacts;

namespace MambaQuant.Dashboard.Watching;

/// <summary>The list of jobs, asked for at most twice a second however many pages show it. Thread-safe.</summary>
/// <remarks>One question at a time. A source that is slow to answer holds up nobody who knows what to show meanwhile.</remarks>
/// <param name="source">Where the jobs are.</param>
/// <param name="time">The clock.</param>
internal sealed class JobList(IJobSource source, TimeProvider time) : IDisposable
{
    /// <summary>How old an answer may be.</summary>
    public static readonly TimeSpan Age = TimeSpan.FromMilliseconds(500);

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stop = new();
    private ImmutableArray<JobLine> _lines = [];
    private byte[]? _json;
    private Task _asking = Task.CompletedTask;
    private long? _askedAt;

    /// <summary>The list as JSON; the same array as before where it has not changed.</summary>
    /// <param name="patience">How long to wait for an answer; after that, what is known has to do.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <returns>Null where nothing is known yet.</returns>
    /// <exception cref="JobSourceException">The source cannot be asked, and never could.</exception>
    /// <exception cref="ArtifactStoreException">Likewise.</exception>
    public async Task<byte[]?> GetAsync(TimeSpan patience, CancellationToken cancellation)
    {
        Task asking = Ask();
        try
        {
            await asking.WaitAsync(patience, time, cancellation);
        }
        catch (TimeoutException) when (!asking.IsCompleted)
        {
            // The answer is for whoever asks after it has come.
        }
        catch (Exception fault) when (fault is JobSourceException or ArtifactStoreException && Known is not null)
        {
            // What is known is shown; that the source cannot be asked stands with the job.
        }

        return Known;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
    }

    private byte[]? Known
    {
        get
        {
            lock (_gate)
            {
                return _json;
            }
        }
    }

    /// <summary>The question that is on its way, the last one where it is young enough, or a new one.</summary>
    private Task Ask()
    {
        lock (_gate)
        {
            if (_asking.IsCompleted && (_askedAt is not { } at || time.GetElapsedTime(at) >= Age))
            {
                _askedAt = time.GetTimestamp();
                CancellationToken stop = _stop.Token;
                _asking = Task.Run(() => AskAsync(stop), stop);
            }

            return _asking;
        }
    }

    private async Task AskAsync(CancellationToken stop)
    {
        ImmutableArray<JobLine> lines;
        try
        {
            lines = await source.ListAsync(stop);
        }
        catch (Exception fault) when (fault is not (JobSourceException or ArtifactStoreException) && !stop.IsCancellationRequested)
        {
            throw new JobSourceException($"the jobs cannot be listed at the moment: {fault.GetType().Name}", fault);
        }

        lock (_gate)
        {
            if (_json is null || !lines.AsSpan().SequenceEqual(_lines.AsSpan()))
            {
                (_lines, _json) = (lines, Write(lines));
            }
        }
    }

    private byte[] Write(ImmutableArray<JobLine> lines)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("source", source.Description);
            json.WriteStartArray("jobs");
            foreach (JobLine line in lines)
            {
                json.WriteStartObject();
                json.WriteString("job", line.Job);
                json.WriteString("model", line.Model);
                json.WriteString("recipe", line.Recipe);
                json.WriteString("scheme", line.Scheme);
                json.WriteString("status", OverviewJson.NameOf(line.Status));
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
