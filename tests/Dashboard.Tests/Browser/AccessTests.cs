using System.Diagnostics;
using System.Text.RegularExpressions;
using MambaQuant.Dashboard.Hosting;
using MambaQuant.Dashboard.Pages;
using Microsoft.Playwright;
using Xunit;

namespace MambaQuant.Dashboard.Tests.Browser;

/// <summary>The page for people without a mouse, without sight, or with other eyes than ours.</summary>
public sealed partial class AccessTests(Chromium chromium) : IClassFixture<Chromium>, IAsyncLifetime
{
    private readonly MadeUpSource _source = new();
    private DashboardServer _server = null!;

    public async Task InitializeAsync()
    {
        _server = await DashboardServer.StartAsync(_source, new DashboardOptions(), TimeProvider.System, CancellationToken.None);
        await MadeUpMiddle.HalfDoneAsync(_source, MadeUpPlan.Of(layers: 24, blocks: 8, shards: 8));
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [BrowserFact]
    public async Task Keyboard_ReachesEverything_AndItsFocusIsSeen()
    {
        await using WatchedPage page = await OpenAsync();
        List<string> reached = [];
        for (int step = 0; step < 60; step++)
        {
            await page.Page.Keyboard.PressAsync("Tab");
            string place = await page.Page.EvaluateAsync<string>(
                """
                () => {
                  const node = document.activeElement, style = getComputedStyle(node);
                  if (node === document.body) return '';
                  return `${node.id || node.className || node.tagName} ${style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 ? 'seen' : 'unseen'}`;
                }
                """);
            if (place.Length == 0)
            {
                break;
            }

            reached.Add(place);
        }

        Assert.All(reached, place => Assert.EndsWith(" seen", place, StringComparison.Ordinal));
        Assert.StartsWith("skip", reached[0], StringComparison.Ordinal);
        foreach (string wanted in new[] { "map", "layer-choice", "layer-after", "layer-follow", "SUMMARY" })
        {
            Assert.Contains(reached, place => place.StartsWith(wanted, StringComparison.Ordinal));
        }

        page.IsSound();
    }

    [BrowserFact]
    public async Task Map_IsWalkedWithTheArrowKeys_AndTellsEachItem()
    {
        await using WatchedPage page = await OpenAsync();
        ILocator map = page.Page.Locator(".map").Nth(2);
        await map.FocusAsync();
        ILocator where = page.Page.Locator("#maps .where").Nth(2);
        Assert.Equal("Observe transformed layers 0–2, shard 0: done", await where.TextContentAsync());

        await page.Page.Keyboard.PressAsync("ArrowRight");
        await page.Page.Keyboard.PressAsync("ArrowDown");

        Assert.StartsWith("Observe transformed layers 3–5, shard 1: ", await where.TextContentAsync(), StringComparison.Ordinal);
        await page.PhotographAsync("keyboard");
    }

    [BrowserFact]
    public async Task Layer_IsChosenByKeyboard_AndStaysWhenOthersFinish()
    {
        await using WatchedPage page = await OpenAsync();
        await page.WaitForTextAsync("#layer-title", "Layer 3");
        await page.Page.FocusAsync("#layer-before");
        await page.Page.Keyboard.PressAsync("Enter");

        await page.WaitForTextAsync("#layer-title", "Layer 2");
        Assert.False(await page.Page.IsCheckedAsync("#layer-follow"));
        page.IsSound();
    }

    [BrowserFact]
    public async Task EveryPictureAndTable_HasItsWords()
    {
        await using WatchedPage page = await OpenAsync();
        await page.Page.WaitForFunctionAsync("() => document.querySelectorAll('#layer-content figure').length > 8");
        string[] nameless = await page.Page.EvaluateAsync<string[]>(
            """
            () => [...document.querySelectorAll('canvas, svg, table, progress, select, button, nav, main, section, input, [role=region], [role=application]')]
              .filter(node => !node.closest('[hidden], [aria-hidden=true]'))
              .filter(node => !(node.getAttribute('aria-label') || node.getAttribute('aria-labelledby') || node.caption?.textContent || node.labels?.length || node.textContent.trim()
                || node.tagName === 'MAIN'))
              .map(node => node.outerHTML.slice(0, 120))
            """);
        int[] headings = await page.Page.EvaluateAsync<int[]>("() => [...document.querySelectorAll('h1, h2, h3, h4')].filter(node => !node.closest('[hidden]')).map(node => Number(node.tagName[1]))");

        Assert.Empty(nameless);
        Assert.Equal(1, headings[0]);
        Assert.All(headings.Zip(headings.Skip(1)), pair => Assert.True(pair.Second - pair.First <= 1));
        Assert.Equal(["banner", "main", "navigation"], await page.Page.EvaluateAsync<string[]>(
            "() => ['header', 'main', 'nav'].filter(tag => document.querySelector(`body > ${tag}`)).map(tag => ({ header: 'banner', main: 'main', nav: 'navigation' })[tag])"));
    }

    [BrowserFact]
    public async Task LiveRegion_SpeaksRarely()
    {
        await using WatchedPage page = await OpenAsync();
        await page.Page.EvaluateAsync("() => { window.spoken = []; new MutationObserver(() => window.spoken.push(document.getElementById('announce').textContent)).observe(document.getElementById('announce'), { childList: true }); }");
        long began = Stopwatch.GetTimestamp();
        for (int round = 0; round < 12; round++)
        {
            _source.Jobs[0].Say(Pipeline.Driving.NoticeKind.Retry, $"retry {round}");
            await Task.Delay(250);
        }

        await page.WaitForTextAsync("#notices .text", "retry 11");
        await page.Page.WaitForFunctionAsync("() => window.spoken.length > 0");
        int spoken = await page.Page.EvaluateAsync<int>("() => window.spoken.length");
        Assert.InRange(spoken, 1, 2 + (int)(Stopwatch.GetElapsedTime(began).TotalSeconds / 8)); // at most every eight seconds, however long the machine takes
    }

    [BrowserFact]
    public async Task Bars_MoveUnlessLessMotionIsWanted()
    {
        await using WatchedPage page = await OpenAsync();
        foreach ((ReducedMotion wanted, bool expected) in new[] { (ReducedMotion.NoPreference, true), (ReducedMotion.Reduce, false) })
        {
            await page.Page.EmulateMediaAsync(new PageEmulateMediaOptions { ReducedMotion = wanted });

            Assert.Equal(expected, await MovesAsync(page));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Text_HasEnoughContrast(bool isDark)
    {
        Dictionary<string, string> colours = Colours(isDark);
        foreach (string ground in new[] { "ground", "card" })
        {
            foreach (string ink in new[] { "ink", "soft", "accent", "good", "bad", "before", "after" })
            {
                Assert.True(Contrast(colours[ink], colours[ground]) >= 4.5, $"{ink} on {ground}: {Contrast(colours[ink], colours[ground]):F1}");
            }
        }

        Assert.True(Contrast(colours["ink"], colours["bad-ground"]) >= 4.5);
        Assert.True(Contrast(colours["ink"], colours["warn-ground"]) >= 4.5);
        Assert.True(Contrast(colours["hadamard"], colours["card"]) >= 3); // a line
        Assert.True(Contrast(colours["focus"], colours["card"]) >= 3);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void States_DifferInLightness_NotOnlyInHue(bool isDark)
    {
        Dictionary<string, string> colours = Colours(isDark);
        string[] order = ["done", "running", "waiting"];

        Assert.All(order.SelectMany(one => order.Where(other => other != one).Select(other => (one, other))), pair =>
            Assert.True(Contrast(colours[pair.one], colours[pair.other]) >= 1.2, $"{pair.one} and {pair.other}: {Contrast(colours[pair.one], colours[pair.other]):F2}"));
        Assert.True(Contrast(colours["done"], colours["waiting"]) >= 3);
    }

    private static Dictionary<string, string> Colours(bool isDark)
    {
        string style = System.Text.Encoding.UTF8.GetString(PageFiles.All["style.css"].Plain.Span);
        int dark = style.IndexOf("prefers-color-scheme: dark", StringComparison.Ordinal);
        var colours = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (Match match in Colour().Matches(isDark ? style : style[..dark]))
        {
            colours[match.Groups[1].Value] = match.Groups[2].Value;
        }

        return colours;
    }

    /// <summary>As WCAG 2 has it.</summary>
    private static double Contrast(string one, string other)
    {
        double first = Luminance(one), second = Luminance(other);
        return (Math.Max(first, second) + 0.05) / (Math.Min(first, second) + 0.05);
    }

    private static double Luminance(string colour)
    {
        string digits = colour.Length == 4 ? string.Concat(colour[1..].Select(digit => $"{digit}{digit}")) : colour[1..];
        double[] bands = [.. Convert.FromHexString(digits).Select(band => band / 255.0).Select(band => band <= 0.04045 ? band / 12.92 : Math.Pow((band + 0.055) / 1.055, 2.4))];
        return (0.2126 * bands[0]) + (0.7152 * bands[1]) + (0.0722 * bands[2]);
    }

    /// <summary>Whether any rule of style that counts moves anything. What a bar is made of tells its style to no script, so the rules are asked.</summary>
    private static Task<bool> MovesAsync(WatchedPage page) => page.Page.EvaluateAsync<bool>(
        """
        () => {
          const counting = rules => [...rules].flatMap(rule => rule.media ? (matchMedia(rule.media.mediaText).matches ? counting(rule.cssRules) : []) : [rule]);
          return [...document.styleSheets].flatMap(sheet => counting(sheet.cssRules))
            .some(rule => rule.style && ['transition-duration', 'animation-duration'].some(name => parseFloat(rule.style.getPropertyValue(name)) > 0));
        }
        """);

    private async Task<WatchedPage> OpenAsync()
    {
        WatchedPage page = await chromium.OpenAsync();
        await page.Page.GotoAsync(_server.Address);
        await page.WaitForTextAsync("#job-status", "Running");
        await page.WaitForTextAsync("#layer-title", "Layer");
        return page;
    }

    [GeneratedRegex(@"--([a-z-]+): (#[0-9a-f]{3,6});")]
    private static partial Regex Colour();
}
