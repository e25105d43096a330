using System.Collections.Immutable;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;

namespace MambaQuant.Quant.Recipes.Yaml;

/// <summary>The words of recipe files that reader and writer share.</summary>
internal static class RecipeWords
{
    /// <summary>The value of a searched α.</summary>
    public const string Search = "search";

    /// <summary>The value of what stays float.</summary>
    public const string None = "none";

    /// <summary>h where it meets C, among the overrides.</summary>
    public const string ScanState = "scan_state";

    /// <summary>C where it meets h, among the overrides.</summary>
    public const string ScanOutput = "scan_output";

    /// <summary>The modules of a scheme in the order of the data flow, which is the order in which they are written.</summary>
    public static ImmutableArray<string> Modules { get; } =
    [
        MambaFamily.EmbeddingsModule,
        MambaFamily.InProjModule,
        MambaFamily.ConvModule,
        MambaFamily.XProjModule,
        MambaFamily.DtProjModule,
        MambaFamily.OutProjModule,
        MambaFamily.HeadModule,
    ];

    /// <summary>Words for range estimators.</summary>
    public static IReadOnlyDictionary<string, RangeEstimator> Ranges { get; } = new Dictionary<string, RangeEstimator>
    {
        ["minmax"] = RangeEstimator.MinMax,
        ["percentile"] = RangeEstimator.Percentile,
        ["mse"] = RangeEstimator.MeanSquaredError,
    };

    /// <summary>The word of a meaning.</summary>
    /// <typeparam name="T">What the words stand for.</typeparam>
    /// <param name="words">The words.</param>
    /// <param name="meaning">The meaning.</param>
    public static string For<T>(this IReadOnlyDictionary<string, T> words, T meaning) =>
        words.First(word => EqualityComparer<T>.Default.Equals(word.Value, meaning)).Key;
}
