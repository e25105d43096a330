using System.Diagnostics;
using MambaQuant.Pipeline.Artifacts;

namespace MambaQuant.Pipeline.Telemetry;

/// <summary>Counts what is read of an artifact.</summary>
/// <param name="content">The artifact; owned.</param>
/// <param name="call">The call that opened it; owned.</param>
internal sealed class MeteredReadStream(Stream content, StoreCall call) : ForwardReadStream(content.Length)
{
    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await content.DisposeAsync().ConfigureAwait(false);
        call.Dispose();
        await base.DisposeAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    protected override int ReadSome(long position, Span<byte> buffer)
    {
        long started = Stopwatch.GetTimestamp();
        try
        {
            int count = content.Read(buffer);
            call.Receive(count, started);
            return count;
        }
        catch (Exception failure) when (call.Note(failure))
        {
            throw;
        }
    }

    /// <inheritdoc/>
    protected override async ValueTask<int> ReadSomeAsync(long position, Memory<byte> buffer, CancellationToken cancellation)
    {
        long started = Stopwatch.GetTimestamp();
        try
        {
            int count = await content.ReadAsync(buffer, cancellation).ConfigureAwait(false);
            call.Receive(count, started);
            return count;
        }
        catch (Exception failure) when (call.Note(failure))
        {
            throw;
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            content.Dispose();
            call.Dispose();
        }

        base.Dispose(disposing);
    }
}
