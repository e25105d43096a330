using MambaQuant.Dashboard.Watching;
using Xunit;

namespace MambaQuant.Dashboard.Tests.Watching;

public sealed class SharedWorkTests
{
    private readonly SharedWork<int> _work = new();
    private readonly TaskCompletionSource<int> _end = new();
    private int _begun;

    [Fact]
    public async Task WorkThatManyAskFor_IsDoneOnce()
    {
        Task<int>[] asked = [.. Enumerable.Range(0, 20).Select(_ => AskAsync("one", CancellationToken.None))];
        _end.SetResult(7);

        Assert.All(await Task.WhenAll(asked), result => Assert.Equal(7, result));
        Assert.Equal(1, _begun);
    }

    [Fact]
    public async Task WhoeverGoes_StopsNothing()
    {
        using var gone = new CancellationTokenSource();
        Task<int> first = AskAsync("one", gone.Token), second = AskAsync("one", CancellationToken.None);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        _end.SetResult(7);

        Assert.Equal(7, await second);
        Assert.Equal(1, _begun);
    }

    [Fact]
    public async Task WorkThatFailed_IsBegunAnew()
    {
        await Assert.ThrowsAsync<IOException>(() => _work.GetAsync("one", () => throw new IOException(), CancellationToken.None));
        _end.SetResult(7);

        Assert.Equal(7, await AskAsync("one", CancellationToken.None));
    }

    private Task<int> AskAsync(string name, CancellationToken cancellation) => _work.GetAsync(
        name,
        () =>
        {
            Interlocked.Increment(ref _begun);
            return _end.Task;
        },
        cancellation);
}
