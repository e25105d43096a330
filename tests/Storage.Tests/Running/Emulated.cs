using MambaQuant.Testing;

namespace MambaQuant.Storage.Tests.Running;

/// <summary>Places in the emulator.</summary>
internal static class Emulated
{
    private static int _containers;

    /// <summary>Small transfers, so that small contents go up in several; short waits, since nothing here is busy for long.</summary>
    public static AzureBlobStoreOptions Options { get; } = new()
    {
        TransferSize = 256 << 10,
        Parallelism = 4,
        MaxRetries = 4,
        RetryDelay = TimeSpan.FromMilliseconds(10),
        MaxRetryDelay = TimeSpan.FromMilliseconds(50),
        TryTimeout = TimeSpan.FromSeconds(10),
    };

    /// <summary>The connection string of a container that nobody uses.</summary>
    /// <param name="port">Port of something that stands before the emulator; null for its own.</param>
    public static string NewLocation(int? port = null) =>
        AzuriteServer.Shared.ConnectionString(port) + $"Container=test-{Environment.ProcessId}-{Interlocked.Increment(ref _containers)}";

    /// <summary>A container that nobody uses.</summary>
    /// <param name="port">Port of something that stands before the emulator; null for its own.</param>
    public static BlobPlace NewPlace(int? port = null) => BlobPlace.FromConnectionString(NewLocation(port));
}
