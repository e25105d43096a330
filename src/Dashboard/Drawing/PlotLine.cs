namespace MambaQuant.Dashboard.Drawing;

/// <summary>A line of a chart.</summary>
/// <param name="Name">What it is, in the legend.</param>
/// <param name="Style">Its class in the style sheet: colour and dashes, since colour alone is not for all eyes.</param>
/// <param name="Points">Its points; one that is not finite interrupts it.</param>
internal sealed record PlotLine(string Name, string Style, IReadOnlyList<(double X, double Y)> Points)
{
    /// <summary>The lower edge of a band whose upper edge is the line; null for no band.</summary>
    public IReadOnlyList<double>? Lower { get; init; }

    /// <summary>How many lines of the same style came before it: from the second on each has dashes of its own.</summary>
    /// <value>0 by default: the dashes of its style.</value>
    public int Round { get; init; }

    /// <summary>Whether each point gets a dot: for few points.</summary>
    public bool IsDotted { get; init; }
}
