namespace MambaQuant.Quant.Models;

/// <summary>Where per-channel scales can be moved from an activation into weights.</summary>
public enum SmoothingSite
{
    /// <summary>Norm weight to in_proj columns (SmoothQuant's own site).</summary>
    NormToInProj,

    /// <summary>in_proj rows of x to the taps of the convolution.</summary>
    InProjToConv,

    /// <summary>x_proj rows of dt to dt_proj columns.</summary>
    XProjToDtProj,

    /// <summary>x_proj rows of B to its rows of C, through the linear recurrence.</summary>
    ScanState,

    /// <summary>in_proj rows of the gate to out_proj columns, made exact by S-SiLU.</summary>
    GateToOutProj,
}
