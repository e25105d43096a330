namespace MambaQuant.Client.Progress;

/// <summary>How wide each column of the stages is, so that a stage is always one line: what does not fit the terminal is left out.</summary>
/// <remarks>A narrow terminal loses the count first, then the rate, then cells of the bar, then the bar; name, percent and time stay.</remarks>
/// <param name="Name">Cells of the name; longer ones are cut.</param>
/// <param name="Bar">Cells of the bar; 0 for none.</param>
/// <param name="Percent">Cells of the share done.</param>
/// <param name="Count">Cells of the count; 0 for none.</param>
/// <param name="Rate">Cells of the rate; 0 for none.</param>
/// <param name="Time">Cells of the time.</param>
internal sealed record StageColumns(int Name, int Bar, int Percent, int Count, int Rate, int Time)
{
    /// <summary>Spaces before a line, and between two columns.</summary>
    public const int Gap = 2;

    private const int FullBar = 24, UsefulBar = 10, ShortestBar = 4, ShortestName = 8;

    /// <summary>The columns that suit some lines.</summary>
    /// <param name="lines">The lines, at least one.</param>
    /// <param name="width">Cells of the terminal.</param>
    public static StageColumns Of(IReadOnlyList<StageLine> lines, int width)
    {
        var columns = new StageColumns(
            lines.Max(line => line.Name.Length),
            UsefulBar,
            lines.Max(line => line.Percent.Length),
            lines.Max(line => line.Count.Length),
            lines.Max(line => line.Rate.Length),
            lines.Max(line => line.Time.Length));
        columns = columns.Width > width ? columns with { Count = 0 } : columns;
        columns = columns.Width > width ? columns with { Rate = 0 } : columns;
        int bar = Math.Min(FullBar, UsefulBar + width - columns.Width);
        columns = columns with { Bar = bar < ShortestBar ? 0 : bar };
        int over = Math.Max(0, columns.Width - width);
        return columns with { Name = Math.Max(Math.Min(ShortestName, columns.Name), columns.Name - over) };
    }

    private int Width => new[] { Name, Bar, Percent, Count, Rate, Time }.Where(cells => cells > 0).Sum(cells => Gap + cells);
}
