using Azure.Core.Pipeline;

namespace MambaQuant.Storage;

/// <summary>How a blob store moves bytes.</summary>
public sealed record AzureBlobStoreOptions
{
    /// <summary>Bytes of a block sent, or of a range asked for, at once: 8 MiB by default; a multiple of 64 KiB, at most 256 MiB.</summary>
    public int TransferSize { get; init; } = 8 << 20;

    /// <summary>Transfers at once for one artifact: 8 by default; with the transfer size it bounds the memory of a put or a read.</summary>
    public int Parallelism { get; init; } = 8;

    /// <summary>How often a request is repeated after a failure that may pass: 6 by default.</summary>
    public int MaxRetries { get; init; } = 6;

    /// <summary>Wait before the first repetition, doubled for each further one: half a second by default.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Longest wait before a repetition: 30 s by default.</summary>
    public TimeSpan MaxRetryDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long one try of a request may be silent: 60 s by default.</summary>
    public TimeSpan TryTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>What carries requests; the system's HTTP by default. Tests put faults here.</summary>
    internal HttpPipelineTransport? Transport { get; init; }

    /// <summary>Refuses values outside their ranges.</summary>
    /// <exception cref="ArgumentOutOfRangeException">One is.</exception>
    internal void Check()
    {
        const int Block = Pipeline.Artifacts.ArtifactSeal.BlockSize;
        ArgumentOutOfRangeException.ThrowIfLessThan(TransferSize, Block);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(TransferSize, 256 << 20);
        ArgumentOutOfRangeException.ThrowIfNotEqual(TransferSize % Block, 0, nameof(TransferSize));
        ArgumentOutOfRangeException.ThrowIfLessThan(Parallelism, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(MaxRetries);
        ArgumentOutOfRangeException.ThrowIfLessThan(TryTimeout, TimeSpan.FromMilliseconds(1));
    }
}
