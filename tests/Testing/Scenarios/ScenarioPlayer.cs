using System.Collections.Immutable;
using System.Text;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Scheduling.Inputs;
using MambaQuant.Pipeline.Scheduling.Outputs;

namespace MambaQuant.Testing.Scenarios;

/// <summary>Plays the transcript of a scenario against a driver and writes what really happens, in the same language.</summary>
/// <remarks>
/// Lines in the first column are played, lines indented by two under a time are what the scheduler said to it. Under <c>items</c> each
/// indented line is an item. <c>options NAME VALUE ...</c> and <c>show progress wake</c> stand before the first time. Then
/// <c>TIME what happens</c> (see <see cref="ScenarioInputs"/>), and two commands that are no input: <c>TIME passes [NAME ... renewing]</c>
/// sends every tick that was asked for up to that time, the named workers (all: <c>all renewing</c>) renewing their leases before each; and
/// <c>restart</c> ends the owner, so that the next input meets one that knows the journal only.
/// </remarks>
/// <param name="driver">What it is played against.</param>
public sealed class ScenarioPlayer(IScenarioDriver driver)
{
    private readonly ScenarioItems _items = new();
    private readonly SortedDictionary<string, (int Item, int Attempt)> _held = new(StringComparer.Ordinal);
    private readonly HashSet<string> _shown = [];
    private readonly StringBuilder _transcript = new();
    private SchedulerOptions _options = new();
    private long? _wake;
    private long _clock;

    /// <summary>Plays a scenario.</summary>
    /// <param name="text">The transcript as it should be.</param>
    /// <returns>The transcript as it is: equal where all went as told.</returns>
    /// <exception cref="InvalidScenarioException">A line makes no sense.</exception>
    public async Task<string> PlayAsync(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        bool inItems = false;
        int number = 0;
        foreach (string line in text.TrimEnd('\n').Split('\n'))
        {
            number++;
            bool isIndented = line.StartsWith(' ');
            if (!isIndented || inItems)
            {
                _transcript.Append(line).Append('\n');
            }

            if (isIndented && inItems)
            {
                _items.Add(new ScenarioWords(line, number));
            }
            else if (!isIndented && line.Length > 0 && line[0] != '#')
            {
                inItems = line == "items";
                await PlayLineAsync(new ScenarioWords(line, number), line).ConfigureAwait(false);
            }
        }

        return _transcript.ToString();
    }

    private async Task PlayLineAsync(ScenarioWords words, string line)
    {
        if (words.Take("items"))
        {
            words.ExpectEnd();
        }
        else if (words.Take("options"))
        {
            _options = ScenarioOptions.Read(words, _options);
        }
        else if (words.Take("show"))
        {
            _shown.UnionWith(line.Split(' ').Skip(1));
        }
        else if (words.Take("restart"))
        {
            await driver.RestartAsync().ConfigureAwait(false);
        }
        else
        {
            long at = words.Time("a time");
            if (words.Take("passes"))
            {
                await PassAsync(at, words).ConfigureAwait(false);
            }
            else
            {
                SchedulerInput input = ScenarioInputs.Read(at, words, _items, _options);
                Forget(input);
                _clock = at;
                Write(await driver.SendAsync(input).ConfigureAwait(false), string.Empty);
            }
        }
    }

    /// <summary>A worker that ended its attempt does not renew the lease any more.</summary>
    private void Forget(SchedulerInput input)
    {
        string? worker = input switch
        {
            WorkCompleted completed => completed.Worker,
            WorkFailed failed => failed.Worker,
            WorkReleased released => released.Worker,
            WorkerLost lost => lost.Worker,
            _ => null,
        };
        if (worker is not null)
        {
            _held.Remove(worker);
        }
    }

    private async Task PassAsync(long until, ScenarioWords words)
    {
        HashSet<string> renewing = [];
        while (!words.AtEnd && !words.Take("renewing"))
        {
            renewing.Add(words.Next("a worker"));
        }

        words.ExpectEnd();
        while (_wake is { } wanted && wanted <= until)
        {
            // A tick that was not let through in time is late, not early.
            long wake = Math.Max(wanted, _clock);
            _clock = wake;
            foreach ((string worker, (int item, int attempt)) in _held.ToArray())
            {
                if (renewing.Contains(worker) || renewing.Contains("all"))
                {
                    Write(await driver.SendAsync(new LeaseRenewed(wake, worker, item, attempt, 0)).ConfigureAwait(false), Prefix(wake));
                }
            }

            _wake = null;
            Write(await driver.SendAsync(new Tick(wake)).ConfigureAwait(false), Prefix(wake));
        }
    }

    private static string Prefix(long at) => $"{ScenarioOutputs.Time(at)} ";

    private void Write(ImmutableArray<SchedulerOutput> outputs, string prefix)
    {
        foreach (SchedulerOutput output in outputs)
        {
            switch (output)
            {
                case WakeAt wake:
                    _wake = wake.At;
                    break;
                case Assign assign:
                    _held[assign.Worker] = (assign.Item, assign.Attempt);
                    break;
                case Revoke revoke when _held.TryGetValue(revoke.Worker, out var held) && held == (revoke.Item, revoke.Attempt):
                    _held.Remove(revoke.Worker);
                    break;
            }

            string text = ScenarioOutputs.Text(output, _items);
            if (output is not (WakeAt or Progress) || _shown.Contains(text.Split(' ')[0]))
            {
                _transcript.Append("  ").Append(prefix).Append(text).Append('\n');
            }
        }
    }
}
