using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Storage.Tests.Contract;
using MambaQuant.Storage.Tests.Running;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Storage.Tests.Blobs;

/// <summary>Whatever the network and the service do: the right bytes, or an exception that says what is wrong.</summary>
[NeedsAzurite]
public sealed class BlobFaultTests : IAsyncLifetime, IDisposable
{
    private const int Length = 3_000_000, Short = 100_000;

    private readonly Lazy<FaultProxy> _proxy = new(() => new FaultProxy(AzuriteServer.Shared.Port));
    private readonly AzureBlobStoreOptions _options = Emulated.Options with { TryTimeout = TimeSpan.FromSeconds(2), MaxRetries = 8 };
    private AzureBlobArtifactStore _store = null!;

    private static CancellationToken None => CancellationToken.None;

    private FaultProxy Proxy => _proxy.Value;

    public async Task InitializeAsync() => _store = await AzureBlobArtifactStore.OpenOrCreateAsync(Emulated.NewPlace(Proxy.Port), _options, None);

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose()
    {
        if (_proxy.IsValueCreated)
        {
            Proxy.Dispose();
        }
    }

    [StoreTheory]
    [InlineData("Cut", 400_000, Length)]
    [InlineData("Alter", 400_000, Length)]
    [InlineData("Stall", 400_000, Length)]
    [InlineData("Cut", 50_000, Short)]
    [InlineData("Alter", 50_000, Short)]
    public async Task PutThroughFaults_IsWhole(string kind, long after, int length)
    {
        byte[] content = PatternContent.Bytes(50, length);
        Proxy.Order(up: true, Enum.Parse<FaultKind>(kind), after, times: 3);

        PutOutcome outcome = await Put("x", content);

        Assert.True(outcome.Written);
        Assert.True(Proxy.Happened > 0);
        Proxy.Calm();
        Assert.Equal(content, await ReadAll("x"));
    }

    [StoreTheory]
    [InlineData("Cut", 400_000, Length)]
    [InlineData("Alter", 400_000, Length)]
    [InlineData("Stall", 400_000, Length)]
    [InlineData("Cut", 50_000, Short)]
    [InlineData("Alter", 50_000, Short)]
    public async Task ReadThroughFaults_GivesTheRightBytes(string kind, long after, int length)
    {
        byte[] content = PatternContent.Bytes(51, length);
        await Put("x", content);
        Proxy.Order(up: false, Enum.Parse<FaultKind>(kind), after, times: 3);

        Assert.Equal(content, await ReadAll("x"));
        Assert.True(Proxy.Happened > 0);
    }

    [StoreFact]
    public async Task Refusals_ArePassedOver()
    {
        byte[] content = PatternContent.Bytes(52, Length);
        Proxy.OrderRefusals(3);
        await Put("x", content);
        Proxy.OrderRefusals(3);
        Assert.Equal(content, await ReadAll("x"));
        Proxy.OrderRefusals(3);
        Assert.Single(await _store.ListAsync("", None).ToArrayAsync());
        Assert.Equal(9, Proxy.Happened);
        Assert.True(await _store.DeleteAsync("x", None));
    }

    [StoreFact]
    public async Task BytesThatAreAlwaysAltered_AreCorrupt()
    {
        await Put("x", PatternContent.Bytes(53, Length));
        Proxy.Order(up: false, FaultKind.Alter, after: 0, times: int.MaxValue);

        await Assert.ThrowsAsync<CorruptArtifactException>(() => ReadAll("x"));
        Proxy.Calm();
        Proxy.Order(up: true, FaultKind.Alter, after: 0, times: int.MaxValue);
        await Assert.ThrowsAsync<ArtifactStoreException>(() => Put("y", PatternContent.Bytes(54, Length)));
        await Assert.ThrowsAsync<ArtifactStoreException>(() => Put("z", PatternContent.Bytes(54, Short)));
        Proxy.Calm();
        Assert.Equal(["x"], (await _store.ListAsync("", None).ToArrayAsync()).Select(info => info.Name));
    }

    [StoreFact]
    public async Task ServiceThatIsGone_IsNamed()
    {
        await Put("x", PatternContent.Bytes(55, Short));
        Proxy.OrderRefusals(int.MaxValue);
        var fresh = await Assert.ThrowsAsync<ArtifactStoreException>(() => AzureBlobArtifactStore.OpenAsync(Emulated.NewPlace(Proxy.Port), _options, None));
        Assert.Contains("status 503, ServerBusy", fresh.Message, StringComparison.Ordinal);
        Proxy.Dispose();

        foreach (Func<Task> action in (Func<Task>[])[() => _store.HeadAsync("x", None), () => ReadAll("x"), () => Put("y", [1]), () => _store.DeleteAsync("x", None), async () => await _store.ListAsync("", None).ToArrayAsync()])
        {
            ArtifactStoreException failure = await Assert.ThrowsAsync<ArtifactStoreException>(action);
            Assert.Contains(_store.Description, failure.Message, StringComparison.Ordinal);
        }
    }

    [StoreFact]
    public async Task CancellingAmongRetries_IsACancellation()
    {
        Proxy.Order(up: true, FaultKind.Stall, after: 0, times: int.MaxValue);
        using var cancel = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => _store.PutIfAbsentAsync("x", async (stream, cancellation) => await stream.WriteAsync(PatternContent.Bytes(56, Length), cancellation), cancel.Token));

        Proxy.Calm();
        Assert.Null(await _store.HeadAsync("x", None));
    }

    [StoreTheory]
    [InlineData(Short)]
    [InlineData(Length)]
    public async Task CommitWhoseAnswerIsLost_IsKnownAsOurs(int length)
    {
        using var transport = new LosingTransport(request => request.Method == Azure.Core.RequestMethod.Put
            && request.Uri.Path.EndsWith("/x", StringComparison.Ordinal)
            && (request.Uri.Query.Length == 0 || request.Uri.Query.Contains("comp=blocklist", StringComparison.Ordinal)));
        BlobPlace place = Emulated.NewPlace();
        AzureBlobArtifactStore store = await AzureBlobArtifactStore.OpenOrCreateAsync(place, _options with { Transport = transport }, None);
        byte[] content = PatternContent.Bytes(57, length);

        PutOutcome first = await Put("x", content, store);
        PutOutcome second = await Put("x", content, store);

        Assert.Equal(1, transport.Lost);
        Assert.True(first.Written);
        Assert.False(second.Written);
        Assert.Equal(content, await ReadAll("x", store));
    }

    [StoreTheory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task RandomFaults_NeverGiveWrongBytes(int seed)
    {
        var random = new Random(seed);
        for (int round = 0; round < 12; round++)
        {
            int length = random.Next(random.Next(2) == 0 ? 1_000 : 2_000_000);
            byte[] content = PatternContent.Bytes((ulong)round, length);
            foreach (bool up in (bool[])[true, false])
            {
                Proxy.Order(up, random.Next(10) < 6 ? FaultKind.Cut : FaultKind.Alter, random.Next(10_000, 400_000), random.Next(6));
            }

            Proxy.OrderRefusals(random.Next(3));
            bool isPut = false;
            try
            {
                isPut = (await Put($"x{round}", content)).Written;
                Assert.Equal(content, await ReadAll($"x{round}"));
            }
            catch (ArtifactStoreException)
            {
                Proxy.Calm();
                if (isPut)
                {
                    Assert.Equal(content, await ReadAll($"x{round}"));
                }
            }
        }
    }

    private Task<PutOutcome> Put(string name, byte[] content, AzureBlobArtifactStore? store = null) =>
        (store ?? _store).PutIfAbsentAsync(name, async (stream, cancellation) => await stream.WriteAsync(content, cancellation), None);

    private async Task<byte[]> ReadAll(string name, AzureBlobArtifactStore? store = null)
    {
        await using Stream stream = await (store ?? _store).OpenReadAsync(name, 0, null, None);
        using var all = new MemoryStream();
        await stream.CopyToAsync(all);
        return all.ToArray();
    }
}
