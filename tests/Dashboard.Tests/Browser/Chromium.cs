using MambaQuant.Testing;
using Microsoft.Playwright;

namespace MambaQuant.Dashboard.Tests.Browser;

/// <summary>A headless Chromium of this machine, shared by the tests of one class.</summary>
public sealed class Chromium : IDisposable
{
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    /// <summary>The browser's program; null where the machine has none. MAMBAQUANT_CHROMIUM names another one.</summary>
    public static string? Program { get; } =
        Environment.GetEnvironmentVariable("MAMBAQUANT_CHROMIUM") is { Length: > 0 } named ? named : new[] { "chromium", "chromium-browser", "google-chrome" }.Select(ChildProcess.OnPath).FirstOrDefault(path => path is not null);

    /// <summary>Folder for pictures of the page; null where nobody wants any. MAMBAQUANT_SCREENSHOTS names it.</summary>
    public static string? Screenshots { get; } = Environment.GetEnvironmentVariable("MAMBAQUANT_SCREENSHOTS") is { Length: > 0 } folder ? folder : null;

    /// <summary>A page of its own, with cookies of its own, that fails the test when anything goes wrong in it.</summary>
    /// <param name="options">Size, colours and the like.</param>
    public async Task<WatchedPage> OpenAsync(BrowserNewContextOptions? options = null)
    {
        if (_browser is null)
        {
            _playwright = await Playwright.CreateAsync();
            _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
            {
                ExecutablePath = Program,
                Headless = true,
                Args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
            });
        }

        IBrowserContext context = await _browser.NewContextAsync(options ?? new BrowserNewContextOptions { ViewportSize = new ViewportSize { Width = 1200, Height = 900 } });
        context.SetDefaultTimeout(180_000); // far more than anything takes: tests share their machine
        return new WatchedPage(await context.NewPageAsync());
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _browser?.CloseAsync().GetAwaiter().GetResult();
        _playwright?.Dispose();
    }
}
