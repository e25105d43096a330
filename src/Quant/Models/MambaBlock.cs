using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Models;

/// <summary>One Mamba-1 block, ready to run: the forward pass of float, transformed and quantized models alike.</summary>
/// <remarks>
/// B batch, L tokens, D d_model, E d_inner, N d_state, R dt_rank, K conv taps. What a model's recipe changed is in the
/// operators: which sites rotate or quantize, which modules hold codes.
/// Source: Gu and Dao, "Mamba", arXiv 2312.00752, section 3; S-SiLU and rotations: MambaQuant, arXiv 2501.13484.
/// </remarks>
public sealed class MambaBlock : IDisposable
{
    /// <summary>The model's dimensions.</summary>
    public required MambaConfig Config { get; init; }

    /// <summary>Norm weight, [D] F32.</summary>
    public required Tensor NormWeight { get; init; }

    /// <summary>Site of the norm's output.</summary>
    public required SiteInput InProjInput { get; init; }

    /// <summary>The half of in_proj that makes x, [E, D].</summary>
    public required IProjection InProjStates { get; init; }

    /// <summary>The half of in_proj that makes the gate z, [E, D].</summary>
    public required IProjection InProjGate { get; init; }

    /// <summary>Site of the convolution's input.</summary>
    public required SiteInput ConvInput { get; init; }

    /// <summary>The convolution, [E, K].</summary>
    public required IConvolution Convolution { get; init; }

    /// <summary>Site of x_proj's input.</summary>
    public required SiteInput XProjInput { get; init; }

    /// <summary>x_proj, [R + 2N, E].</summary>
    public required IProjection XProj { get; init; }

    /// <summary>Site of dt_proj's input.</summary>
    public required SiteInput DtProjInput { get; init; }

    /// <summary>dt_proj, [E, R].</summary>
    public required IProjection DtProj { get; init; }

    /// <summary>A = −exp(A_log), [E, N] F32.</summary>
    public required Tensor A { get; init; }

    /// <summary>Skip weight, [E] F32.</summary>
    public required Tensor D { get; init; }

    /// <summary>Site of C where it meets h.</summary>
    public required SiteInput ScanOutput { get; init; }

    /// <summary>How h meets C; null for the plain float product.</summary>
    public ScanReadout? Readout { get; init; }

    /// <summary>s of S-SiLU, [E] F32; null for plain SiLU.</summary>
    public Tensor? GateSmoothing { get; init; }

    /// <summary>Site of out_proj's input.</summary>
    public required SiteInput OutProjInput { get; init; }

    /// <summary>out_proj, [D, E].</summary>
    public required IProjection OutProj { get; init; }

    /// <summary>What the block keeps alive and disposes: weights, views, transforms.</summary>
    public required IReadOnlyList<IDisposable> Owned { get; init; }

    /// <summary>Runs the block: r ← r + out_proj(gate(scan(conv(in_proj(norm(r)))))).</summary>
    /// <param name="k">The backend.</param>
    /// <param name="r">Residual stream, [B, L, D] F32; updated in place.</param>
    /// <param name="state">The state before the sequence; becomes the state after it.</param>
    /// <param name="seen">Looks on; null for nobody.</param>
    public void Forward(IKernels k, Tensor r, BlockState state, IActivationObserver? seen)
    {
        ArgumentNullException.ThrowIfNull(k);
        ArgumentNullException.ThrowIfNull(state);
        using Tensor change = Change(k, r, state, seen);
        k.Add(r, change);
    }

    /// <summary>What the block adds to the residual stream.</summary>
    /// <param name="k">The backend.</param>
    /// <param name="r">Residual stream, [B, L, D] F32.</param>
    /// <param name="state">The state before the sequence; becomes the state after it.</param>
    /// <param name="seen">Looks on; null for nobody.</param>
    /// <returns>[B, L, D] F32.</returns>
    public Tensor Change(IKernels k, Tensor r, BlockState state, IActivationObserver? seen)
    {
        ArgumentNullException.ThrowIfNull(k);
        ArgumentNullException.ThrowIfNull(r);
        ArgumentNullException.ThrowIfNull(state);
        using Operand u = Normalize(k, r, seen);                                    // [B, L, D]
        using Tensor x = MakeStates(k, u, state, seen);                             // [B, L, E]
        using Tensor z = MakeGate(k, u);                                            // [B, L, E]
        using Tensor y = Scan(k, x, state, seen);                                   // [B, L, E]
        using Operand g = ApplyGate(k, y, z, seen);                                 // [B, L, E]
        return OutProj.Apply(k, g);                                                 // [B, L, D]
    }

    /// <summary>The first step: the norm of the residual stream, as in_proj reads it.</summary>
    /// <param name="k">The backend.</param>
    /// <param name="r">Residual stream, [B, L, D] F32.</param>
    /// <param name="seen">Looks on; null for nobody.</param>
    /// <returns>u, [B, L, D].</returns>
    internal Operand Normalize(IKernels k, Tensor r, IActivationObserver? seen)
    {
        ObserveResidual(k, r, seen);
        return InProjInput.Take(k, k.RmsNorm(r, NormWeight, Config.NormEpsilon), seen);
    }

    /// <summary>What enters the scan: in_proj's first half, then the convolution.</summary>
    /// <param name="k">The backend.</param>
    /// <param name="u">The norm's output.</param>
    /// <param name="state">The state before the sequence; its window moves to the end.</param>
    /// <param name="seen">Looks on; null for nobody.</param>
    /// <returns>x, [B, L, E] F32.</returns>
    internal Tensor MakeStates(IKernels k, Operand u, BlockState state, IActivationObserver? seen)
    {
        using Tensor x0 = InProjStates.Apply(k, u);                                 // [B, L, E]
        using Tensor extended = Extend(k, x0, state, seen);                         // [B, K−1+L, E]
        using Operand convIn = ConvInput.Enter(k, extended, observer: null);
        return Convolution.Apply(k, convIn);
    }

    /// <summary>The gate: in_proj's second half.</summary>
    /// <param name="k">The backend.</param>
    /// <param name="u">The norm's output.</param>
    /// <returns>z, [B, L, E] F32.</returns>
    internal Tensor MakeGate(IKernels k, Operand u) => InProjGate.Apply(k, u);

    /// <summary>The selective scan, with the projections that make Δ, B and C.</summary>
    /// <param name="k">The backend.</param>
    /// <param name="x">What enters the scan, [B, L, E] F32.</param>
    /// <param name="state">The state before the sequence; h moves to the end.</param>
    /// <param name="seen">Looks on; null for nobody.</param>
    /// <returns>y, [B, L, E] F32.</returns>
    internal Tensor Scan(IKernels k, Tensor x, BlockState state, IActivationObserver? seen)
    {
        using Operand xIn = XProjInput.Enter(k, x, seen);
        using Tensor p = XProj.Apply(k, xIn);                                       // [B, L, R+2N]: dt, B, C
        using Tensor dt = k.SliceColumns(p, 0, Config.DtRank);                      // [B, L, R]
        using Tensor b = k.SliceColumns(p, Config.DtRank, Config.DState);           // [B, L, N]
        using Tensor c = k.SliceColumns(p, Config.DtRank + Config.DState, Config.DState);

        using Operand dtIn = DtProjInput.Enter(k, dt, seen);
        using Tensor delta = DtProj.Apply(k, dtIn);                                 // [B, L, E]
        k.Softplus(delta);

        using Operand cIn = ScanOutput.Enter(k, c, seen);
        ScanReadout? readout = Readout is null ? null : Readout with { Output = cIn.Codes };
        return k.SelectiveScan(new ScanInputs(x, delta, A, b, c, D), state.Hidden, readout, seen?.Scan);
    }

    /// <summary>The gated output of the scan, as out_proj reads it.</summary>
    /// <param name="k">The backend.</param>
    /// <param name="y">The scan's output, [B, L, E] F32.</param>
    /// <param name="z">The gate, [B, L, E] F32.</param>
    /// <param name="seen">Looks on; null for nobody.</param>
    /// <returns>y · SiLU(z), [B, L, E].</returns>
    internal Operand ApplyGate(IKernels k, Tensor y, Tensor z, IActivationObserver? seen) =>
        OutProjInput.Take(k, k.GatedSilu(y, z, GateSmoothing), seen);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IDisposable owned in Owned)
        {
            owned.Dispose();
        }
    }

    private void ObserveResidual(IKernels k, Tensor r, IActivationObserver? seen)
    {
        if (seen is null || !seen.Wants(ActivationSite.ResidualStream))
        {
            return;
        }

        using Tensor normalised = k.RmsNorm(r, weight: null, Config.NormEpsilon);
        seen.Observe(ActivationSite.ResidualStream, normalised);
    }

    /// <summary>The sequence with the K−1 inputs before it; the observer sees every input once, so without them.</summary>
    private static Tensor Extend(IKernels k, Tensor x0, BlockState state, IActivationObserver? seen)
    {
        if (seen is not null && seen.Wants(ActivationSite.ConvInput))
        {
            seen.Observe(ActivationSite.ConvInput, x0);
        }

        return k.ShiftIn(x0, state.ConvolutionWindow);
    }
}
