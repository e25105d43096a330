using System.Collections.Immutable;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Smoothing;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Method;

/// <summary>Turns what the stages measured into the records of the report.</summary>
public static class CheckpointReports
{
    /// <summary>The report of a layer.</summary>
    /// <param name="context">Backend and tables.</param>
    /// <param name="outcome">The layer.</param>
    public static LayerReport OfLayer(MethodContext context, LayerOutcome outcome)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(outcome);
        return new LayerReport
        {
            Modules = [.. context.Family.LayerModules.Select(module => Module(context, outcome, module))],
            Sites = [.. outcome.Report.Sites.Select(site => Site(site, outcome.OriginalStatistics))],
            Smoothings = [.. outcome.Smoothing.Select(Smoothing)],
        };
    }

    /// <summary>The report of embeddings and head.</summary>
    /// <param name="report">What was lost.</param>
    /// <param name="original">What the pass over the original model observed behind the last layer, or null.</param>
    public static LayerReport OfEnds(LayerQuantizationReport report, LayerStatistics? original)
    {
        ArgumentNullException.ThrowIfNull(report);
        return new LayerReport
        {
            Modules =
            [
                .. report.Modules.Select(module => new ModuleReport
                {
                    Module = module.Module,
                    Weights = module.Args,
                    Bytes = module.Bytes,
                    SqnrAfter = module.Sqnr,
                    Damping = module.Gptq?.Damping,
                }),
            ],
            Sites = [.. report.Sites.Select(site => Site(site, original))],
        };
    }

    /// <summary>The report of a checkpoint.</summary>
    /// <param name="context">Model and recipe.</param>
    /// <param name="quantizedBytes">Bytes of the quantized tensors.</param>
    /// <param name="ends">The report of embeddings and head.</param>
    /// <param name="layers">The reports of the layers, in order.</param>
    public static CheckpointReport OfModel(MethodContext context, long quantizedBytes, LayerReport ends, ImmutableArray<LayerReport> layers)
    {
        ArgumentNullException.ThrowIfNull(context);
        return new CheckpointReport
        {
            Recipe = context.Recipe.Name,
            Scheme = context.Scheme.Name,
            FloatBytes = context.Checkpoint.TensorBytes,
            QuantizedBytes = quantizedBytes,
            Ends = ends,
            Layers = layers,
        };
    }

    private static ModuleReport Module(MethodContext context, LayerOutcome outcome, ModuleDefinition module)
    {
        Tensor original = outcome.Original[module.Weight];
        WeightQuantizationReport? report = outcome.Report.Modules.FirstOrDefault(report => report.Module == module.Name);
        if (report is null)
        {
            return new ModuleReport { Module = module.Name, Bytes = FloatBytes(original) };
        }

        using WeightCodes before = WeightQuantizer.Round(context.Kernels, original, report.Args);
        return new ModuleReport
        {
            Module = module.Name,
            Weights = report.Args,
            Bytes = report.Bytes,
            SqnrBefore = WeightQuantizer.Sqnr(context.Kernels, original, before),
            SqnrAfter = report.Sqnr,
            Damping = report.Gptq?.Damping,
        };
    }

    private static SiteReport Site(ActivationQuantizationReport report, LayerStatistics? original) => new()
    {
        Site = report.Site.Name,
        Input = report.Args,
        Minimum = report.Minimum,
        Maximum = report.Maximum,
        SmallestScale = report.SmallestScale,
        LargestScale = report.LargestScale,
        ZeroPoint = report.ZeroPoint,
        SqnrBefore = original is not null && WasObserved(report.Site, original) ? Sqnr(report.Site, report.Args, original) : report.Sqnr,
        SqnrAfter = report.Sqnr,
    };

    /// <summary>Whether the first pass can tell of a site; where the recipe transforms nothing it looks at moments at most, and "before" is "after".</summary>
    private static bool WasObserved(ActivationSite site, LayerStatistics original) => site == ActivationSite.ScanState
        ? original.State is not null
        : original.Find(site)?.Range is not null;

    /// <summary>Signal to noise that the same quantizer would have in the original model.</summary>
    private static double? Sqnr(ActivationSite site, QuantizationArgs args, LayerStatistics original) => args.Dynamic
        ? null
        : site == ActivationSite.ScanState
            ? ActivationQuantizer.FitState(args, original.State).Report.Sqnr
            : ActivationQuantizer.Fit(site, args, original.Find(site)).Report.Sqnr;

    private static SmoothingReport Smoothing(SmoothingChoice choice)
    {
        bool wasSearched = !choice.Candidates.IsEmpty;
        return new SmoothingReport
        {
            Site = choice.Site.ToString(),
            Strength = choice.Alpha,
            SmallestFactor = choice.Factors?.Min() ?? 1,
            LargestFactor = choice.Factors?.Max() ?? 1,
            ErrorBefore = wasSearched ? choice.Candidates.First(candidate => candidate.Alpha is null).Error : null,
            ErrorAfter = wasSearched ? choice.Candidates.First(candidate => candidate.Alpha == choice.Alpha).Error : null,
        };
    }

    private static long FloatBytes(Tensor? tensor) => tensor is null ? 0 : sizeof(float) * tensor.Shape.ElementCount;
}
