namespace MambaQuant.Quant.Models;

/// <summary>A place in a model where activations are observed and may be quantized.</summary>
/// <remarks>Calibration, quantizers and pipeline know sites, not families; a family may add its own.</remarks>
/// <param name="Name">The name used in recipes, reports and checkpoints.</param>
public readonly record struct ActivationSite(string Name)
{
    /// <summary>The residual stream divided by its root mean square, without norm weight, [.., d_model]; observed, never quantized.</summary>
    public static ActivationSite ResidualStream { get; } = new("residual_stream");

    /// <summary>Output of the block's norm = input of in_proj, [.., d_model].</summary>
    public static ActivationSite InProjInput { get; } = new("in_proj_input");

    /// <summary>Input of the causal convolution, [.., d_inner].</summary>
    public static ActivationSite ConvInput { get; } = new("conv_input");

    /// <summary>Input of x_proj (after its online rotation, where there is one), [.., d_inner].</summary>
    public static ActivationSite XProjInput { get; } = new("x_proj_input");

    /// <summary>Input of dt_proj, [.., dt_rank].</summary>
    public static ActivationSite DtProjInput { get; } = new("dt_proj_input");

    /// <summary>Input of out_proj (after smoothing and online rotation), [.., d_inner].</summary>
    public static ActivationSite OutProjInput { get; } = new("out_proj_input");

    /// <summary>The recurrent state h where it meets C (after rotation over the states), [.., d_inner, d_state]; observed inside the scan.</summary>
    public static ActivationSite ScanState { get; } = new("scan_state");

    /// <summary>C where it meets h, [.., d_state].</summary>
    public static ActivationSite ScanOutput { get; } = new("scan_output");

    /// <summary>Output of the final norm = input of the head, [.., d_model].</summary>
    public static ActivationSite HeadInput { get; } = new("head_input");

    /// <inheritdoc/>
    public override string ToString() => Name;
}
