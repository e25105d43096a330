using MambaQuant.Pipeline.Driving;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace MambaQuant.Client.Progress;

/// <summary>The stages of a run as a table, a line each whatever the terminal's width: name, bar, percent, count, rate, time left.</summary>
/// <remarks>Thread-safe: workers report while the terminal draws.</remarks>
/// <param name="time">The clock.</param>
internal sealed class LiveStages(TimeProvider time) : IRenderable
{
    private static readonly string _gap = new(' ', StageColumns.Gap);

    private readonly Lock _gate = new();
    private readonly StageBoard _board = new(time);
    private bool _changed;
    private long _drawn = time.GetTimestamp();

    /// <summary>Takes a report.</summary>
    /// <param name="progress">The report.</param>
    public void Update(StageProgress progress)
    {
        lock (_gate)
        {
            _board.Update(progress);
            _changed = true;
        }
    }

    /// <summary>Takes a job whose workers are to be shown.</summary>
    /// <param name="job">The job.</param>
    public void Watch(JobWatch job)
    {
        lock (_gate)
        {
            _board.Job = job;
            _changed = true;
        }
    }

    /// <summary>Marks the stages as done that never said how much there is to do.</summary>
    public void Finish()
    {
        lock (_gate)
        {
            _board.Refresh();
            _board.Job = null;
            _board.Finish();
        }
    }

    /// <summary>Whether something was reported since the last drawing, or a second passed.</summary>
    public bool NeedsRedraw()
    {
        lock (_gate)
        {
            return _changed || time.GetElapsedTime(_drawn) >= TimeSpan.FromSeconds(1);
        }
    }

    /// <inheritdoc/>
    public Measurement Measure(RenderOptions options, int maxWidth) => new(Math.Min(1, maxWidth), maxWidth);

    /// <inheritdoc/>
    public IEnumerable<Segment> Render(RenderOptions options, int maxWidth)
    {
        List<StageLine> lines;
        JobWatch? job;
        lock (_gate)
        {
            _board.Refresh();
            lines = [.. _board.Stages.Select(StageLine.Of)];
            job = _board.Job;
            _changed = false;
            _drawn = time.GetTimestamp();
        }

        return lines.Count == 0 ? [] : [.. Segments(lines, StageColumns.Of(lines, maxWidth)), .. Workers(job, maxWidth)];
    }

    private static IEnumerable<Segment> Workers(JobWatch? job, int width) => job is null
        ? []
        : WorkerLines.Of(job.View(long.MaxValue), job.Plan, width).SelectMany(line => new[] { new Segment(line, new Style(Color.Grey)), Segment.LineBreak });

    private static List<Segment> Segments(List<StageLine> lines, StageColumns columns)
    {
        var segments = new List<Segment>();
        foreach (StageLine line in lines)
        {
            Add(line.Name.Length > columns.Name ? $"{line.Name.AsSpan(0, columns.Name - 1)}…" : line.Name.PadRight(columns.Name), columns.Name);
            AddBar(segments, line, columns.Bar);
            Add(line.Percent.PadLeft(columns.Percent), columns.Percent);
            Add(line.Count.PadRight(columns.Count), columns.Count);
            Add(line.Rate.PadRight(columns.Rate), columns.Rate);
            Add(line.Time, columns.Time);
            segments.Add(Segment.LineBreak);
        }

        return segments;

        void Add(string text, int cells)
        {
            if (cells > 0)
            {
                segments.Add(new Segment(_gap + text));
            }
        }
    }

    private static void AddBar(List<Segment> segments, StageLine line, int cells)
    {
        if (cells > 0)
        {
            int filled = (int)(line.Filled * cells);
            segments.Add(new Segment(_gap));
            segments.Add(new Segment(new string('█', filled), new Style(line.IsComplete ? Color.Green : Color.Yellow)));
            segments.Add(new Segment(new string('░', cells - filled), new Style(Color.Grey)));
        }
    }
}
