using Microsoft.Playwright;
using Xunit;

namespace MambaQuant.Dashboard.Tests.Browser;

/// <summary>A page of the browser, and what went wrong in it.</summary>
public sealed class WatchedPage : IAsyncDisposable
{
    private readonly List<string> _faults = [];
    private readonly List<string> _hosts = [];

    /// <summary>Watches a page.</summary>
    /// <param name="page">The page.</param>
    internal WatchedPage(IPage page)
    {
        Page = page;
        page.PageError += (_, error) => Add(_faults, error);
        page.Console += (_, message) =>
        {
            // That a connection is lost is told by the browser itself, and is what some tests are about.
            if (message.Type is "error" or "warning" && !message.Text.Contains("net::ERR", StringComparison.Ordinal) && !message.Text.Contains("Failed to load resource", StringComparison.Ordinal))
            {
                Add(_faults, message.Text);
            }
        };
        page.Request += (_, request) => Add(_hosts, new Uri(request.Url).Host);
    }

    /// <summary>The page.</summary>
    public IPage Page { get; }

    /// <summary>Waits until a text stands somewhere.</summary>
    /// <param name="selector">Where.</param>
    /// <param name="text">What it contains.</param>
    public Task WaitForTextAsync(string selector, string text) =>
        Page.WaitForFunctionAsync("([selector, text]) => [...document.querySelectorAll(selector)].some(node => !node.closest('[hidden]') && node.textContent.includes(text))", new[] { selector, text });

    /// <summary>The text at a place.</summary>
    /// <param name="selector">The place.</param>
    public async Task<string> TextAsync(string selector) => await Page.TextContentAsync(selector) ?? string.Empty;

    /// <summary>Makes a picture, where somebody wants any.</summary>
    /// <param name="name">Its name.</param>
    public async Task PhotographAsync(string name)
    {
        if (Chromium.Screenshots is { } folder)
        {
            await Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, name + ".png"), FullPage = true });
        }
    }

    /// <summary>Nothing went wrong so far, and nobody but this machine was asked for anything.</summary>
    public void IsSound()
    {
        lock (_faults)
        {
            Assert.Empty(_faults);
            Assert.All(_hosts, host => Assert.Equal("127.0.0.1", host));
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await Page.Context.CloseAsync();

    private void Add(List<string> list, string text)
    {
        lock (_faults)
        {
            list.Add(text);
        }
    }
}
