namespace MambaQuant.Reports;

/// <summary>A folder: write beside and rename, read from start to end, unbuffered.</summary>
/// <param name="path">The folder.</param>
/// <param name="flush">Whether a put waits for the disk.</param>
internal sealed class RawFolder(string path, bool flush) : IRawPlace
{
    /// <inheritdoc/>
    public async Task PutAsync(string name, byte[] piece, long length)
    {
        string beside = Path.Combine(path, name + ".beside");
        await using (var file = new FileStream(beside, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0))
        {
            for (long offset = 0; offset < length; offset += piece.Length)
            {
                file.Write(piece, 0, (int)Math.Min(piece.Length, length - offset));
            }

            file.Flush(flushToDisk: flush);
        }

        File.Move(beside, Path.Combine(path, name));
    }

    /// <inheritdoc/>
    public async Task GetAsync(string name, byte[] piece)
    {
        await using var file = new FileStream(Path.Combine(path, name), FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
        int count;
        do
        {
            count = file.Read(piece, 0, piece.Length);
        }
        while (count > 0);
    }

    /// <inheritdoc/>
    public Task DeleteAsync(string name)
    {
        File.Delete(Path.Combine(path, name));
        return Task.CompletedTask;
    }
}
