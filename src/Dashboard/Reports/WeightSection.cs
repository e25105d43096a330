using MambaQuant.Dashboard.Drawing;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Recipes;

namespace MambaQuant.Dashboard.Reports;

/// <summary>What was done to which weight: how it is stored, what was folded into it, and what is left to do at run time.</summary>
internal static class WeightSection
{
    /// <summary>Writes the section.</summary>
    /// <param name="page">The page.</param>
    /// <param name="files">The checkpoint.</param>
    public static void Write(Markup page, CheckpointFiles files) => PageFrame.Section(page, "What was done to which weight", section =>
    {
        ModelFamily family = files.Family;
        Recipe? recipe = files.Recipe?.Recipe;
        var table = new Table(
            "Modules of a layer, embeddings and head. T is the rotation of the residual stream, H a Hadamard matrix, K the eigenvectors of a covariance, s smoothing factors, γ the weight of a norm.",
            ["weights", "stored", "GPTQ damping", "folded in", "input", "at run time"])
        {
            IsOfWords = true,
        };
        foreach (ModuleDefinition module in family.LayerModules.Append(family.Embeddings).Append(family.Head))
        {
            ModuleReport[] reports = [.. files.Report.Layers.Append(files.Report.Ends).SelectMany(layer => layer.Modules).Where(found => found.Module == module.Name)];
            if (reports.Length == 0)
            {
                continue;
            }

            SiteReport? input = module.Input is { } site ? files.Report.Layers.Append(files.Report.Ends).SelectMany(layer => layer.Sites).FirstOrDefault(found => found.Site == site.Name) : null;
            table.Add([
                module.Name,
                string.Join(" or ", reports.Select(report => Scheme(report.Weights)).Distinct()),
                Damping(reports),
                recipe is null ? Figures.Nothing : Joined(Folded(family, recipe, module)),
                module.Input is null ? Figures.Nothing : Scheme(input?.Input),
                recipe is null ? Figures.Nothing : Joined(Online(family, recipe, module)),
            ]);
        }

        table.Write(section);
        if (recipe?.RotationAt(RotationSite.ScanState) is not null || files.Report.Layers.Any(layer => layer.Sites.Any(site => site.Site == ActivationSite.ScanState.Name)))
        {
            SiteReport? Find(ActivationSite site) => files.Report.Layers.SelectMany(layer => layer.Sites).FirstOrDefault(found => found.Site == site.Name);
            section.Text("p", $"Scan: h {Scheme(Find(ActivationSite.ScanState)?.Input)}, C {Scheme(Find(ActivationSite.ScanOutput)?.Input)}"
                + $"{(recipe?.RotationAt(RotationSite.ScanState) is null ? string.Empty : "; both rotated over the states where they meet")}. The recurrence itself runs in fp32.");
        }
    });

    /// <summary>How values are quantized, in words.</summary>
    /// <param name="args">The arguments, or null.</param>
    public static string Scheme(QuantizationArgs? args)
    {
        if (args is null)
        {
            return "float";
        }

        string scope = args.Strategy == QuantizationStrategy.Group ? $"a scale for {args.GroupSize} inputs" : $"a scale per {args.Strategy.Name()}";
        return $"{args.Bits} bits, {scope}{(args.Symmetric ? string.Empty : ", asymmetric")}{(args.Dynamic ? ", found at run time" : string.Empty)}";
    }

    private static string Damping(ModuleReport[] reports)
    {
        double[] used = [.. reports.Select(report => report.Damping).OfType<double>().Order()];
        return used.Length == 0 ? "rounded to nearest" : used[0] == used[^1] ? Figures.Short(used[0]) : $"{Figures.Short(used[0])} to {Figures.Short(used[^1])}";
    }

    private static string Joined(IEnumerable<string> parts) => string.Join("; ", parts) is { Length: > 0 } text ? text : "nothing";

    private static IEnumerable<string> Folded(ModelFamily family, Recipe recipe, ModuleDefinition module)
    {
        bool rotates = recipe.RotationAt(RotationSite.ResidualStream) is not null;
        string T = Rotation(recipe, RotationSite.ResidualStream);
        if (rotates && module == family.Embeddings)
        {
            yield return $"columns × T = {T}";
        }

        if (rotates && module == family.Head)
        {
            yield return $"columns × γ of the last norm, × T = {T}";
        }

        if (rotates && family.NormConsumers.Contains(module.Weight))
        {
            yield return "columns × γ of the norm";
        }

        foreach (RotationSiteDefinition site in family.Rotations.Where(site => recipe.RotationAt(site.Site) is not null))
        {
            foreach (FoldStep step in site.Folds.Where(step => step.Tensor == module.Weight))
            {
                yield return $"{Part(step, site.Site)} × {(site.Site == RotationSite.ResidualStream ? "T" : Rotation(recipe, site.Site))} ({site.Site})";
            }
        }

        foreach (SmoothingSiteDefinition site in family.Smoothings.Where(site => recipe.SmoothingAt(site.Site) is not null))
        {
            foreach (FoldStep step in site.Folds.Where(step => step.Tensor == module.Weight))
            {
                yield return $"{Part(step, site.Site)} {(step.Divides ? "÷" : "×")} s ({site.Site})";
            }
        }
    }

    private static IEnumerable<string> Online(ModelFamily family, Recipe recipe, ModuleDefinition module)
    {
        foreach (RotationSiteDefinition site in family.Rotations.Where(site => site.IsOnline && site.Activation == module.Input && recipe.RotationAt(site.Site) is not null))
        {
            yield return $"input × {Rotation(recipe, site.Site)}, a fast transform";
        }

        if (module.Input == ActivationSite.OutProjInput && recipe.SmoothingAt(SmoothingSite.GateToOutProj) is not null)
        {
            yield return "the gate before it is z · σ(s z)";
        }
    }

    private static string Part(FoldStep step, Enum site) => step.Axis == FoldAxis.Columns ? "columns" : step.First == 0 ? "rows" : $"rows from {step.First}";

    private static string Rotation(Recipe recipe, RotationSite site) => recipe.KltAt(site) is not null ? "K·H" : "H";
}
