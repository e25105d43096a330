using MambaQuant.Pipeline.Driving;

namespace MambaQuant.Client.Progress;

/// <summary>Progress for logs: a line when a stage passes 25, 50, 75 and 100 %, and a heartbeat every 30 s.</summary>
/// <param name="error">Where the lines go.</param>
/// <param name="time">The clock.</param>
internal sealed class LogProgressDisplay(TextWriter error, TimeProvider time) : IProgressDisplay
{
    /// <inheritdoc/>
    public T Run<T>(string title, Func<IRunProgress, T> work)
    {
        using Reporter reporter = new(error, time);
        reporter.Begin(title);
        T result = work(reporter);
        reporter.End(title);
        return result;
    }

    private sealed class Reporter : IRunProgress, IDisposable
    {
        private static readonly TimeSpan Beats = TimeSpan.FromSeconds(30);

        // A stage that rushes through its quarters within a second is worth one line, not four.
        private static readonly TimeSpan Rush = TimeSpan.FromSeconds(1);

        private readonly Lock _gate = new();
        private readonly TextWriter _error;
        private readonly StageBoard _board;
        private readonly ITimer _heartbeat;
        private readonly Dictionary<StageMeter, int> _milestones = [];
        private bool _isClosed;

        public Reporter(TextWriter error, TimeProvider time)
        {
            _error = error;
            _board = new StageBoard(time);
            _heartbeat = time.CreateTimer(_ => Beat(), null, Beats, Beats);
        }

        public void Begin(string title) => WriteLine(title);

        public void End(string title)
        {
            lock (_gate)
            {
                WriteLine($"{title}: done in {ProgressText.Duration(_board.Elapsed)}");
            }
        }

        public void Report(StageProgress value)
        {
            lock (_gate)
            {
                StageMeter stage = _board.Update(value);
                int reached = (stage.Percent ?? 0) / 25 * 25;
                if (reached <= _milestones.GetValueOrDefault(stage) || (reached < 100 && stage.Elapsed < Rush))
                {
                    return;
                }

                _milestones[stage] = reached;
                WriteLine(
                    reached < 100 ? $"  {stage.Stage}: {stage.Percent} % ({Details(stage)})"
                    : stage.Total == 1 ? $"  {stage.Stage}: done in {ProgressText.Duration(stage.Elapsed)}"
                    : $"  {stage.Stage}: 100 % ({stage.Total:N0} {stage.Unit} in {ProgressText.Duration(stage.Elapsed)})");
            }
        }

        public void Say(string line)
        {
            lock (_gate)
            {
                WriteLine($"  {line}");
            }
        }

        public void Watch(JobWatch job)
        {
            lock (_gate)
            {
                _board.Job = job;
            }
        }

        public void Dispose() => _heartbeat.Dispose();

        private static string Details(StageMeter stage)
        {
            string text = ProgressText.Count(stage);
            if (stage.Rate is { } rate)
            {
                text += $", {ProgressText.Rate(rate, stage.Unit)}";
            }

            if (stage.Remaining is { } remaining)
            {
                text += $", {ProgressText.Duration(remaining)} left";
            }

            return text;
        }

        private void Beat()
        {
            lock (_gate)
            {
                _board.Refresh();
                string where = _board.Current is { IsComplete: false } stage
                    ? $"  {stage.Stage}: {Details(stage)}"
                    : $"  still running after {ProgressText.Duration(_board.Elapsed)}";
                WriteLine(_board.Job?.View(long.MaxValue) is { Workers.IsEmpty: false } job ? $"{where}; {WorkerLines.Summary(job)}" : where);
            }
        }

        private void WriteLine(string line)
        {
            if (_isClosed)
            {
                return;
            }

            try
            {
                _error.WriteLine(line);
                _error.Flush();
            }
            catch (Exception closed) when (closed is IOException or ObjectDisposedException)
            {
                // Nobody reads any more, as behind a pipe whose reader has gone: the work is no worse for it.
                _isClosed = true;
            }
        }
    }
}
