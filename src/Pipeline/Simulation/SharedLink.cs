namespace MambaQuant.Pipeline.Simulation;

/// <summary>A link of fixed rate that serves transfers in the order in which they begin.</summary>
/// <remarks>Keeps what counts for a run: the link never gives more than its rate and never idles while bytes wait.</remarks>
/// <param name="bytesPerSecond">Its rate.</param>
internal sealed class SharedLink(double bytesPerSecond)
{
    private double _freeAt;

    /// <summary>Takes a transfer.</summary>
    /// <param name="now">When it begins, in seconds; never before an earlier one.</param>
    /// <param name="bytes">How much.</param>
    /// <returns>When its last byte is through.</returns>
    public double Transfer(double now, double bytes)
    {
        _freeAt = Math.Max(_freeAt, now) + (bytes / bytesPerSecond);
        return _freeAt;
    }
}
