using MambaQuant.Pipeline.Driving;
using Spectre.Console;

namespace MambaQuant.Client.Progress;

/// <summary>Progress for a terminal: a line with a bar per stage, redrawn in place.</summary>
/// <param name="console">The terminal.</param>
/// <param name="time">The clock.</param>
internal sealed class LiveProgressDisplay(IAnsiConsole console, TimeProvider time) : IProgressDisplay
{
    /// <inheritdoc/>
    public T Run<T>(string title, Func<IRunProgress, T> work)
    {
        console.MarkupLineInterpolated($"[bold]{title}[/]");
        LiveStages stages = new(time);
        return console.Live(stages)
            .Overflow(VerticalOverflow.Crop)
            .Cropping(VerticalOverflowCropping.Top)
            .Start(live =>
            {
                using Reporter reporter = new(stages, live, console, time);
                T result = work(reporter);
                reporter.Finish();
                return result;
            });
    }

    private sealed class Reporter : IRunProgress, IDisposable
    {
        private static readonly TimeSpan Redraw = TimeSpan.FromMilliseconds(100);

        private readonly LiveStages _stages;
        private readonly LiveDisplayContext _live;
        private readonly IAnsiConsole _console;
        private readonly ITimer _ticks;

        public Reporter(LiveStages stages, LiveDisplayContext live, IAnsiConsole console, TimeProvider time)
        {
            _stages = stages;
            _live = live;
            _console = console;
            _ticks = time.CreateTimer(_ => Draw(), null, Redraw, Redraw);
        }

        public void Report(StageProgress value) => _stages.Update(value);

        public void Say(string line) => _console.WriteLine(line); // above the stages, which are drawn again below it

        public void Watch(JobWatch job) => _stages.Watch(job);

        public void Finish()
        {
            _stages.Finish();
            _live.Refresh();
        }

        public void Dispose() => _ticks.Dispose();

        private void Draw()
        {
            try
            {
                if (_stages.NeedsRedraw())
                {
                    _live.Refresh();
                }
            }
            catch (Exception closed) when (closed is IOException or ObjectDisposedException)
            {
                _ticks.Dispose(); // the terminal is gone; on a thread of the clock's that would end the process
            }
        }
    }
}
