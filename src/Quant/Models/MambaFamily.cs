using System.Collections.Immutable;
using static MambaQuant.Quant.Models.MambaTensors;

namespace MambaQuant.Quant.Models;

/// <summary>The tables of Mamba-1: modules, rotation sites, smoothing sites.</summary>
public static class MambaFamily
{
    /// <summary>Short names of the modules, as schemes use them.</summary>
    public const string InProjModule = "in_proj";

    /// <summary>The causal convolution.</summary>
    public const string ConvModule = "conv1d";

    /// <summary>The projection to dt, B and C.</summary>
    public const string XProjModule = "x_proj";

    /// <summary>The projection of the time step.</summary>
    public const string DtProjModule = "dt_proj";

    /// <summary>The projection back to the residual stream.</summary>
    public const string OutProjModule = "out_proj";

    /// <summary>The language-model head.</summary>
    public const string HeadModule = "lm_head";

    /// <summary>The embedding table.</summary>
    public const string EmbeddingsModule = "embeddings";

    /// <summary>The tables for given dimensions.</summary>
    /// <param name="config">The model's dimensions.</param>
    public static ModelFamily For(MambaConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        int d = config.DModel, e = config.DInner, n = config.DState, r = config.DtRank;
        FoldStep Rows(string tensor, int first, int count, bool divides = false) => new(tensor, FoldAxis.Rows, first, count, divides);
        FoldStep Columns(string tensor, int count) => new(tensor, FoldAxis.Columns, 0, count);
        return new ModelFamily
        {
            Name = "mamba",
            LayerModules =
            [
                new(InProjModule, ModuleKind.Linear, InProj, InProjBias, ActivationSite.InProjInput),
                new(ConvModule, ModuleKind.Convolution, Conv, ConvBias, ActivationSite.ConvInput),
                new(XProjModule, ModuleKind.Linear, XProj, null, ActivationSite.XProjInput),
                new(DtProjModule, ModuleKind.Linear, DtProj, DtProjBias, ActivationSite.DtProjInput),
                new(OutProjModule, ModuleKind.Linear, OutProj, OutProjBias, ActivationSite.OutProjInput),
            ],
            Embeddings = new(EmbeddingsModule, ModuleKind.Embedding, MambaTensors.Embeddings, null, null),
            Head = new(HeadModule, ModuleKind.Linear, MambaTensors.Head, null, ActivationSite.HeadInput),
            NormWeight = Norm,
            NormConsumers = [InProj],
            SiteWidths = new Dictionary<ActivationSite, int>
            {
                [ActivationSite.ResidualStream] = d,
                [ActivationSite.InProjInput] = d,
                [ActivationSite.ConvInput] = e,
                [ActivationSite.XProjInput] = e,
                [ActivationSite.DtProjInput] = r,
                [ActivationSite.OutProjInput] = e,
                [ActivationSite.ScanState] = checked(e * n),
                [ActivationSite.ScanOutput] = n,
                [ActivationSite.HeadInput] = d,
            }.ToImmutableDictionary(),
            Rotations =
            [
                new(RotationSite.ResidualStream, d,
                    [Columns(InProj, d), Rows(OutProj, 0, d), Rows(OutProjBias, 0, d)], IsOnline: false, ActivationSite.InProjInput),
                new(RotationSite.TimeStepRank, r,
                    [Rows(XProj, 0, r), Columns(DtProj, r)], IsOnline: false, ActivationSite.DtProjInput),
                new(RotationSite.OutProjInput, e, [Columns(OutProj, e)], IsOnline: true, ActivationSite.OutProjInput),
                new(RotationSite.XProjInput, e, [Columns(XProj, e)], IsOnline: true, ActivationSite.XProjInput),
                new(RotationSite.ScanState, n, [Rows(XProj, r + n, n)], IsOnline: true, ActivationSite.ScanState),
            ],
            Smoothings =
            [
                new(SmoothingSite.NormToInProj, d, ActivationSite.InProjInput, Columns(InProj, d),
                    [Rows(Norm, 0, d, divides: true), Columns(InProj, d)]),
                new(SmoothingSite.InProjToConv, e, ActivationSite.ConvInput, Rows(Conv, 0, e),
                    [Rows(InProj, 0, e, divides: true), Rows(InProjBias, 0, e, divides: true), Rows(Conv, 0, e)]),
                new(SmoothingSite.XProjToDtProj, r, ActivationSite.DtProjInput, Columns(DtProj, r),
                    [Rows(XProj, 0, r, divides: true), Columns(DtProj, r)]),
                new(SmoothingSite.ScanState, n, ActivationSite.ScanState, Rows(XProj, r + n, n),
                    [Rows(XProj, r, n, divides: true), Rows(XProj, r + n, n)], ActivationSite.ScanOutput),
                new(SmoothingSite.GateToOutProj, e, ActivationSite.OutProjInput, Columns(OutProj, e),
                    [Rows(InProj, e, e, divides: true), Rows(InProjBias, e, e, divides: true), Columns(OutProj, e)]),
            ],
        };
    }
}
