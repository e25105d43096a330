using System.Diagnostics;
using MambaQuant.Pipeline.Artifacts;

namespace MambaQuant.Pipeline.Telemetry;

/// <summary>One call to a store: its duration, its failure, its span.</summary>
internal sealed class StoreCall : IDisposable
{
    private static readonly KeyValuePair<string, object?> Received = PipelineInstruments.Tag(TelemetryNames.StoreDirection, "read");

    private readonly string _operation;
    private readonly Activity? _span;
    private readonly bool _isMeasured = PipelineInstruments.StoreDuration.Enabled;
    private long _ticks;
    private string? _error;
    private bool _isOver;

    /// <summary>A call begins.</summary>
    /// <param name="operation">What is asked.</param>
    /// <param name="artifact">Of which artifact, or which ones.</param>
    public StoreCall(string operation, string artifact)
    {
        _operation = operation;
        if (!Tracing.InItem)
        {
            return;
        }

        // Whoever reads a stream does other things meanwhile: the call surrounds nothing.
        _span = Tracing.StartApart($"{TelemetryNames.StoreSpan} {operation}", Activity.Current!.Context);
        _span?.SetTag(TelemetryNames.StoreOperation, operation).SetTag(TelemetryNames.Artifact, artifact);
    }

    /// <summary>Bytes that were moved.</summary>
    public long Bytes { get; set; }

    /// <summary>Waits for a part of the call; only the time in which the store works counts.</summary>
    /// <typeparam name="T">What it gives.</typeparam>
    /// <param name="part">The part.</param>
    public async Task<T> WatchAsync<T>(Task<T> part)
    {
        long started = Stopwatch.GetTimestamp();
        try
        {
            return await part.ConfigureAwait(false);
        }
        catch (Exception failure) when (Note(failure))
        {
            throw;
        }
        finally
        {
            _ticks += Stopwatch.GetTimestamp() - started;
        }
    }

    /// <summary>Counts bytes that came.</summary>
    /// <param name="bytes">How many.</param>
    /// <param name="started">When the reading of them began.</param>
    public void Receive(int bytes, long started)
    {
        _ticks += Stopwatch.GetTimestamp() - started;
        Bytes += bytes;
        PipelineInstruments.StoreIo.Add(bytes, Received);
    }

    /// <summary>Notes a failure; what is merely not there is none.</summary>
    /// <param name="failure">The failure.</param>
    /// <returns>False, so that it is caught by nobody.</returns>
    public bool Note(Exception failure)
    {
        if (failure is not (ArtifactNotFoundException or OperationCanceledException))
        {
            _error = failure.GetType().Name;
            _span?.SetStatus(ActivityStatusCode.Error, failure.Message);
        }

        return false;
    }

    /// <summary>The call is over.</summary>
    public void Dispose()
    {
        if (_isOver)
        {
            return;
        }

        _isOver = true;
        if (_isMeasured)
        {
            var tags = new TagList { { TelemetryNames.StoreOperation, _operation } };
            if (_error is not null)
            {
                tags.Add(TelemetryNames.ErrorType, _error);
            }

            PipelineInstruments.StoreDuration.Record((double)_ticks / Stopwatch.Frequency, tags);
        }

        if (_span is not null)
        {
            _span.SetTag(TelemetryNames.Bytes, Bytes > 0 ? Bytes : null).SetTag(TelemetryNames.ErrorType, _error);
            StageMeter.Stop(_span);
        }
    }
}
