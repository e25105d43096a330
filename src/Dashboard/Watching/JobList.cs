using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json;
using MambaQuant.Pipeline.Artifacts;

namespace MambaQuant.Dashboard.Watching;

/// <summary>The list of jobs, asked for at most twice a second however many pages show it. Thread-safe.</summary>
/// <param name="source">Where the jobs are.</param>
/// <param name="time">The clock.</param>
internal sealed class JobList(IJobSource source, TimeProvider time) : IDisposable
{
    /// <summary>How old an answer may be.</summary>
    public static readonly TimeSpan Age = TimeSpan.FromMilliseconds(500);

    private readonly SemaphoreSlim _turn = new(1, 1);
    private ImmutableArray<JobLine> _lines = [];
    private byte[] _json = [];
    private long _askedAt;

    /// <summary>The list as JSON; the same array as before where it has not changed.</summary>
    /// <param name="cancellation">Stops the asking.</param>
    /// <exception cref="JobSourceException">The source cannot be asked, and never could.</exception>
    public async Task<byte[]> GetAsync(CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            if (_json.Length == 0 || time.GetElapsedTime(_askedAt) >= Age)
            {
                _askedAt = time.GetTimestamp();
                ImmutableArray<JobLine> lines = await source.ListAsync(cancellation);
                if (_json.Length == 0 || !lines.AsSpan().SequenceEqual(_lines.AsSpan()))
                {
                    (_lines, _json) = (lines, Write(lines));
                }
            }
        }
        catch (Exception fault) when (fault is JobSourceException or ArtifactStoreException && _json.Length > 0)
        {
            // What is known is shown; that the source cannot be asked stands with the job.
        }
        finally
        {
            _turn.Release();
        }

        return _json;
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

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
