using System.Collections.Immutable;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;

namespace MambaQuant.Quant.Recipes;

/// <summary>The recipes that have a name.</summary>
/// <remarks>
/// All but rtn share quantizers, range estimators and GPTQ, so that they differ in their transforms alone.
/// <code>
/// rtn                 | nothing: min-max ranges, weights rounded to nearest
/// smoothquant         | Smoothing α = 0.5 at NormToInProj (the site of the paper: what a norm precedes), and at its analogues in a Mamba block,
///                     | where one linear operation feeds another: InProjToConv, XProjToDtProj
/// quarot              | plain Hadamard at every rotation site of mambaquant, no smoothing
/// mambaquant          | KLT at ResidualStream and TimeStepRank, Hadamard at XProjInput, OutProjInput, ScanState; searched smoothing at
///                     | InProjToConv, XProjToDtProj, ScanState, GateToOutProj. NormToInProj is an option: add it with Recipe.With
/// mambaquant-portable | mambaquant less what is left at run time: no online rotation, no S-SiLU
/// </code>
/// </remarks>
public static class RecipePresets
{
    /// <summary>Round to nearest, no transform.</summary>
    public const string RoundToNearest = "rtn";

    /// <summary>SmoothQuant, arXiv 2211.10438.</summary>
    public const string SmoothQuant = "smoothquant";

    /// <summary>QuaRot, arXiv 2404.00456, at the sites of a Mamba block.</summary>
    public const string QuaRot = "quarot";

    /// <summary>MambaQuant, arXiv 2501.13484: every modifier.</summary>
    public const string MambaQuant = "mambaquant";

    /// <summary>The part of MambaQuant that stock runtimes can run.</summary>
    public const string MambaQuantPortable = "mambaquant-portable";

    /// <summary>The scheme of a preset that names none.</summary>
    public const string DefaultScheme = "W8A8";

    private const double SmoothQuantAlpha = 0.5;

    private static readonly Modifier[] KltRotations =
    [
        new KltRotationModifier(RotationSite.ResidualStream),
        new KltRotationModifier(RotationSite.TimeStepRank),
    ];

    private static readonly Modifier[] FoldedSmoothings =
    [
        new SmoothingModifier(SmoothingSite.InProjToConv, SmoothingStrength.Searched),
        new SmoothingModifier(SmoothingSite.XProjToDtProj, SmoothingStrength.Searched),
        new SmoothingModifier(SmoothingSite.ScanState, SmoothingStrength.Searched),
    ];

    private static readonly Modifier[] OnlineRotations =
    [
        new HadamardRotationModifier(RotationSite.XProjInput),
        new HadamardRotationModifier(RotationSite.ScanState),
        new HadamardRotationModifier(RotationSite.OutProjInput),
    ];

    /// <summary>The names, from the plainest to the whole method.</summary>
    public static ImmutableArray<string> Names { get; } = [RoundToNearest, SmoothQuant, QuaRot, MambaQuantPortable, MambaQuant];

    /// <summary>Makes the recipe of a name.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="scheme">A scheme that <see cref="QuantizationSchemes.Parse"/> knows.</param>
    /// <param name="strict">Whether the strict form of the scheme is meant.</param>
    /// <param name="ranges">Range estimators other than the preset's; null for <see cref="RangeChoices.Preset"/> (rtn: <see cref="RangeChoices.MinMax"/>).</param>
    /// <exception cref="ArgumentException">Name or scheme is not known; the message lists those that are.</exception>
    public static Recipe Get(string name, string scheme = DefaultScheme, bool strict = false, RangeChoices? ranges = null)
    {
        Modifier[] transforms = name switch
        {
            RoundToNearest => [],
            SmoothQuant =>
            [
                .. new[] { SmoothingSite.NormToInProj, SmoothingSite.InProjToConv, SmoothingSite.XProjToDtProj }
                    .Select(site => new SmoothingModifier(site, SmoothingStrength.Fixed(SmoothQuantAlpha))),
            ],
            QuaRot =>
            [
                new HadamardRotationModifier(RotationSite.ResidualStream),
                new HadamardRotationModifier(RotationSite.TimeStepRank),
                .. OnlineRotations,
            ],
            MambaQuant =>
            [
                .. KltRotations,
                .. FoldedSmoothings,
                new SmoothingModifier(SmoothingSite.GateToOutProj, SmoothingStrength.Searched),
                .. OnlineRotations,
            ],
            MambaQuantPortable => [.. KltRotations, .. FoldedSmoothings],
            _ => throw new ArgumentException($"preset '{name}' is not known; use {string.Join(", ", Names)}", nameof(name)),
        };
        bool isPlain = name == RoundToNearest;
        QuantizationScheme quantizers = QuantizationSchemes.Parse(scheme, strict, ranges ?? (isPlain ? RangeChoices.MinMax : RangeChoices.Preset));
        bool compensates = !isPlain && quantizers.Modules.Values.Any(module => module.Weights is not null);
        Modifier[] gptq = compensates ? [new GptqModifier()] : [];
        return new Recipe(name, [.. transforms, new QuantizationModifier(quantizers, strict), .. gptq]);
    }
}
