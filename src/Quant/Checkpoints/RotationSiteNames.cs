using MambaQuant.Quant.Models;

namespace MambaQuant.Quant.Checkpoints;

/// <summary>The names of rotation sites in config.json.</summary>
internal static class RotationSiteNames
{
    private static readonly (RotationSite Site, string Name)[] _online =
    [
        (RotationSite.XProjInput, "x_proj_input"),
        (RotationSite.OutProjInput, "out_proj_input"),
        (RotationSite.ScanState, "scan_state"),
    ];

    /// <summary>The name of a site that has something left at run time.</summary>
    /// <exception cref="ArgumentException">The site folds away.</exception>
    public static string Of(RotationSite site) =>
        _online.Where(pair => pair.Site == site).Select(pair => pair.Name).FirstOrDefault()
        ?? throw new ArgumentException($"the rotation site {site} leaves nothing for run time", nameof(site));

    /// <summary>The site of a name, or null.</summary>
    public static RotationSite? Parse(string name) =>
        _online.Where(pair => pair.Name == name).Select(pair => (RotationSite?)pair.Site).FirstOrDefault();
}
