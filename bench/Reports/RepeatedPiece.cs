namespace MambaQuant.Reports;

/// <summary>A content of any length made of one piece, for the client library to read from.</summary>
/// <param name="piece">The piece.</param>
/// <param name="length">Bytes of the content.</param>
internal sealed class RepeatedPiece(byte[] piece, long length) : Stream
{
    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => true;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => length;

    /// <inheritdoc/>
    public override long Position { get; set; }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count)
    {
        int from = (int)(Position % piece.Length);
        count = (int)Math.Min(Math.Min(count, piece.Length - from), length - Position);
        Array.Copy(piece, from, buffer, offset, count);
        Position += count;
        return count;
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => Position = offset + origin switch
    {
        SeekOrigin.Begin => 0,
        SeekOrigin.Current => Position,
        _ => length,
    };

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
