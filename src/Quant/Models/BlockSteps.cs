namespace MambaQuant.Quant.Models;

/// <summary>The steps of a block, in which a change of its weights spreads.</summary>
/// <remarks>Normalize → States → Scan → Output, and Normalize → Gate → Output; see <see cref="MambaBlock.Change"/>.</remarks>
[Flags]
internal enum BlockSteps
{
    /// <summary>No step.</summary>
    None = 0,

    /// <summary>The norm.</summary>
    Normalize = 1,

    /// <summary>in_proj's first half and the convolution.</summary>
    States = 2,

    /// <summary>in_proj's second half.</summary>
    Gate = 4,

    /// <summary>x_proj, dt_proj and the scan.</summary>
    Scan = 8,

    /// <summary>The gated product and out_proj.</summary>
    Output = 16,

    /// <summary>Every step.</summary>
    All = Normalize | States | Gate | Scan | Output,
}
