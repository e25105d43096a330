using MambaQuant.Quant.Datasets;
using MambaQuant.Quant.Recipes;

namespace MambaQuant.Pipeline.Local;

/// <summary>What the embedded engine is asked to do.</summary>
public sealed record QuantizeOptions
{
    /// <summary>Folder of the float checkpoint.</summary>
    public required string ModelPath { get; init; }

    /// <summary>Folder to write; must not exist, or be empty.</summary>
    public required string OutputPath { get; init; }

    /// <summary>The resolved recipe.</summary>
    public required Recipe Recipe { get; init; }

    /// <summary>Which text calibrates.</summary>
    public CalibrationOptions Calibration { get; init; } = new();

    /// <summary>Sequences that were prepared before by <see cref="LocalEngine.PrepareCalibration"/>, to share them between runs.</summary>
    /// <value>Null by default: the run prepares its own from <see cref="Calibration"/>.</value>
    public CalibrationSet? Sequences { get; init; }

    /// <summary>How many threads the backend was given; told in run.json, the backend itself decides.</summary>
    /// <value>As many as processors, by default. The result does not depend on it.</value>
    public int Workers { get; init; } = Environment.ProcessorCount;
}
