using MambaQuant.Pipeline.Local;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace MambaQuant.Client.Progress;

/// <summary>The stages of a run as a table: name, bar, percent, count, rate, time left.</summary>
/// <remarks>Thread-safe: workers report while the terminal draws.</remarks>
/// <param name="time">The clock.</param>
internal sealed class LiveStages(TimeProvider time) : IRenderable
{
    private const int BarCells = 24;

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

    /// <summary>Marks the stages as done that never said how much there is to do.</summary>
    public void Finish()
    {
        lock (_gate)
        {
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
    public Measurement Measure(RenderOptions options, int maxWidth) => ((IRenderable)Table()).Measure(options, maxWidth);

    /// <inheritdoc/>
    public IEnumerable<Segment> Render(RenderOptions options, int maxWidth) => ((IRenderable)Table()).Render(options, maxWidth).ToList();

    private Grid Table()
    {
        Grid grid = new();
        for (int column = 0; column < 6; column++)
        {
            grid.AddColumn(new GridColumn { NoWrap = true, Alignment = column == 2 ? Justify.Right : Justify.Left, Padding = new Padding(column == 0 ? 2 : 0, 0, 2, 0) });
        }

        lock (_gate)
        {
            foreach (StageMeter stage in _board.Stages)
            {
                grid.AddRow(
                    new Text(stage.Stage),
                    Bar(stage),
                    new Text(stage.Percent is { } percent ? $"{percent} %" : ""),
                    new Text(ProgressText.Count(stage)),
                    new Text(stage.Rate is { } rate ? ProgressText.Rate(rate, stage.Unit) : ""),
                    new Text(
                        stage.IsComplete ? ProgressText.Duration(stage.Elapsed)
                        : stage.Remaining is { } remaining ? $"{ProgressText.Duration(remaining)} left" : ""));
            }

            _changed = false;
            _drawn = time.GetTimestamp();
        }

        return grid;
    }

    private static Paragraph Bar(StageMeter stage)
    {
        int filled = (stage.Percent ?? (stage.IsComplete ? 100 : 0)) * BarCells / 100;
        return new Paragraph()
            .Append(new string('█', filled), new Style(stage.IsComplete ? Color.Green : Color.Yellow))
            .Append(new string('░', BarCells - filled), new Style(Color.Grey));
    }
}
