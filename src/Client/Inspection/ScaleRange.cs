namespace MambaQuant.Client.Inspection;

/// <summary>The scales of a weight, or the one scale of an input.</summary>
/// <param name="Count">How many there are.</param>
/// <param name="Smallest">The smallest.</param>
/// <param name="Largest">The largest.</param>
internal sealed record ScaleRange(int Count, float Smallest, float Largest)
{
    /// <summary>Three significant digits: "0.00123", or "0.00123 … 0.0456".</summary>
    public override string ToString() => Smallest == Largest ? $"{Smallest:G3}" : $"{Smallest:G3} … {Largest:G3}";
}
