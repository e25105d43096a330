namespace MambaQuant.Quant.Models;

/// <summary>Where a rotation can be applied.</summary>
public enum RotationSite
{
    /// <summary>The residual stream of the whole model; folds into embeddings, in_proj, out_proj and head.</summary>
    ResidualStream,

    /// <summary>The low-rank path from x_proj to dt_proj, per layer; folds.</summary>
    TimeStepRank,

    /// <summary>The input of out_proj; online, inverse folded into out_proj.</summary>
    OutProjInput,

    /// <summary>The input of x_proj; online, inverse folded into x_proj.</summary>
    XProjInput,

    /// <summary>h and C over the N states; h online at read-out, C folded into x_proj.</summary>
    ScanState,
}
