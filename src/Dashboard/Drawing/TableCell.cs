namespace MambaQuant.Dashboard.Drawing;

/// <summary>A cell of a table.</summary>
/// <param name="Text">What stands in it.</param>
/// <param name="Style">Its class, or null.</param>
internal readonly record struct TableCell(string Text, string? Style = null)
{
    /// <summary>A cell of no class.</summary>
    /// <param name="text">What stands in it.</param>
    public static implicit operator TableCell(string text) => new(text);
}
