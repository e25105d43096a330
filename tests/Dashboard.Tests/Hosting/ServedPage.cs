using MambaQuant.Dashboard.Hosting;
using Xunit;

namespace MambaQuant.Dashboard.Tests.Hosting;

/// <summary>A served page with one made-up job, and a client without a browser.</summary>
public abstract class ServedPage : IAsyncLifetime, IDisposable
{
    private protected MadeUpSource Source { get; } = new();
    private protected DashboardServer Server { get; private set; } = null!;
    private protected PageClient Client { get; set; } = null!;
    private protected MadeUpJob Job { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Job = Source.Add(MadeUpPlan.Of());
        Server = await StartAsync();
        Client = new PageClient(Server);
    }

    public async Task DisposeAsync()
    {
        await Server.DisposeAsync();
    }

    public void Dispose()
    {
        Client.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected static async Task<PageEvent> FirstAsync(IAsyncEnumerable<PageEvent> events, params string[] names)
    {
        await foreach (PageEvent news in events)
        {
            if (names.Contains(news.Name))
            {
                return news;
            }
        }

        throw new InvalidOperationException("the stream ended");
    }

    private protected Task<DashboardServer> StartAsync(DashboardOptions? options = null) =>
        DashboardServer.StartAsync(Source, options ?? new DashboardOptions(), TimeProvider.System, CancellationToken.None);
}
