using MambaQuant.Client.Failures;
using Polly;
using Polly.Retry;

namespace MambaQuant.Client.Cluster;

/// <summary>A connection to a cluster that is made anew when it breaks. One call at a time.</summary>
/// <param name="description">The cluster for people; no secret.</param>
/// <param name="connect">Connects.</param>
/// <param name="time">The clock.</param>
/// <param name="firstPause">The pause before a second attempt; later ones are longer.</param>
internal sealed class ClusterLink(string description, Func<CancellationToken, Task<ICluster>> connect, TimeProvider time, TimeSpan firstPause) : IAsyncDisposable
{
    /// <summary>How long a verb that asks once tries.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    // Gateways of another cluster take a connection and then say nothing for minutes.
    private static readonly TimeSpan LongestConnecting = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private ICluster? _cluster;
    private bool _wasConnected;
    private bool _isLost;

    /// <summary>Makes a link with the usual pauses.</summary>
    /// <param name="description">The cluster for people; no secret.</param>
    /// <param name="connect">Connects.</param>
    /// <param name="time">The clock.</param>
    public ClusterLink(string description, Func<CancellationToken, Task<ICluster>> connect, TimeProvider time)
        : this(description, connect, time, TimeSpan.FromMilliseconds(250))
    {
    }

    /// <summary>The cluster for people.</summary>
    public string Description => description;

    /// <summary>Hears when the connection breaks, once, and when it is there again.</summary>
    /// <value>Nobody by default.</value>
    public Action<string> Say { get; set; } = _ => { };

    /// <summary>Calls, and calls again while nobody answers.</summary>
    /// <typeparam name="T">What the call gives.</typeparam>
    /// <param name="call">The call; it may be made several times.</param>
    /// <param name="patience">How long to try; null for as long as the user waits.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="ClusterException">Nobody answered for that long.</exception>
    public async Task<T> CallAsync<T>(Func<ICluster, Task<T>> call, TimeSpan? patience, CancellationToken cancellation)
    {
        long began = time.GetTimestamp();
        ResiliencePipeline pipeline = new ResiliencePipelineBuilder { TimeProvider = time }.AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = arguments => ValueTask.FromResult(
                arguments.Outcome.Exception is { } fault && ClusterFaults.MayPass(fault) && (patience is null || time.GetElapsedTime(began) < patience)),
            MaxRetryAttempts = int.MaxValue,
            BackoffType = DelayBackoffType.Exponential,
            Delay = firstPause,
            MaxDelay = LongestPause,
            OnRetry = _ => Lost(),
        }).Build();
        try
        {
            T answer = await pipeline.ExecuteAsync(
                async token =>
                {
                    TimeSpan left = patience - time.GetElapsedTime(began) ?? LongestConnecting;
                    return await CallOnceAsync(call, left < LongestConnecting ? left : LongestConnecting, token);
                },
                cancellation);
            Found();
            return answer;
        }
        catch (Exception fault) when (ClusterFaults.MayPass(fault))
        {
            throw new ClusterException(
                ExitCodes.ClusterUnavailable,
                $"{description} does not answer: {fault.Message.TrimEnd('.')}. Check that its silos run, and that this command names them (--clustering, --redis, --gateway, --cluster-id, --service-id, --tls-certificate) and their store (--store): silos of another store are another cluster",
                fault);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => DropAsync();

    private async Task<T> CallOnceAsync<T>(Func<ICluster, Task<T>> call, TimeSpan toConnect, CancellationToken cancellation)
    {
        bool isAnswered = false;
        try
        {
            _cluster ??= await ConnectAsync(toConnect, cancellation);
            T answer = await call(_cluster).WaitAsync(cancellation);
            isAnswered = true;
            return answer;
        }
        finally
        {
            if (!isAnswered)
            {
                await DropAsync();
            }
        }
    }

    private async Task<ICluster> ConnectAsync(TimeSpan limit, CancellationToken cancellation)
    {
        using var alarm = new CancellationTokenSource(limit > TimeSpan.Zero ? limit : TimeSpan.Zero, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, alarm.Token);
        try
        {
            return await connect(either.Token);
        }
        catch (OperationCanceledException) when (alarm.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw new TimeoutException("nobody took the connection in time");
        }
    }

    private ValueTask Lost()
    {
        if (!_isLost)
        {
            _isLost = true;
            Say(_wasConnected ? "connection lost, trying again" : $"{description} does not answer, trying again");
        }

        return ValueTask.CompletedTask;
    }

    private void Found()
    {
        if (_isLost)
        {
            Say("connected again");
        }

        _wasConnected = true;
        _isLost = false;
    }

    private async ValueTask DropAsync()
    {
        if (_cluster is { } cluster)
        {
            _cluster = null;
            await cluster.DisposeAsync();
        }
    }
}
