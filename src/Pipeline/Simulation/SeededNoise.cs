namespace MambaQuant.Pipeline.Simulation;

/// <summary>Numbers that look drawn, each a pure function of the seed and of what it is drawn for (splitmix64).</summary>
/// <param name="seed">The seed.</param>
internal sealed class SeededNoise(ulong seed)
{
    /// <summary>Evenly between 0 and 1, both excluded.</summary>
    public double Uniform(ulong what, ulong which, ulong again)
    {
        ulong mixed = Mix(Mix(Mix(seed ^ Mix(what)) ^ which) ^ again);
        return ((mixed >> 11) + 0.5) / (1UL << 53);
    }

    /// <summary>Log-normal with mean 1.</summary>
    /// <param name="spread">Standard deviation of the logarithm.</param>
    /// <param name="what">What it is drawn for.</param>
    /// <param name="which">Which of these.</param>
    /// <param name="again">Which time.</param>
    public double LogNormal(double spread, ulong what, ulong which, ulong again)
    {
        // Box and Muller's transform of two even numbers.
        double radius = Math.Sqrt(-2 * Math.Log(Uniform(what, which, again)));
        double normal = radius * Math.Cos(2 * Math.PI * Uniform(what + 1, which, again));
        return Math.Exp((spread * normal) - (spread * spread / 2));
    }

    private static ulong Mix(ulong value)
    {
        value += 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
