using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Smoothing;

/// <summary>Runs blocks that differ little over the same sequences: a step that computes the same as in the run before is not run again.</summary>
/// <remarks>Keeps what the steps of the last run made: 4·(D + 3·E) bytes a token, and the codes of the first step.</remarks>
/// <param name="kernels">The backend.</param>
/// <param name="inputs">Residual stream before the block, whole sequences from reset state, [B, L, D] F32; not owned.</param>
internal sealed class RepeatedForward(IKernels kernels, Tensor inputs) : IDisposable
{
    private Operand? _normalized;
    private Tensor? _states;
    private Tensor? _gate;
    private Tensor? _scanned;

    /// <summary>Runs a block as far as the input of out_proj.</summary>
    /// <param name="block">The block.</param>
    /// <param name="changed">Steps that compute something else than in the run before; of no account in the first.</param>
    /// <param name="seen">Sees the sites of those steps, not of the others; null for nobody.</param>
    /// <returns>[B, L, E]; the caller disposes it.</returns>
    public Operand ToOutProj(MambaBlock block, BlockSteps changed, IActivationObserver? seen)
    {
        using BlockState state = BlockState.Zero(kernels, block.Config, inputs.Shape[0]);
        if (_normalized is null || changed.HasFlag(BlockSteps.Normalize))
        {
            Forget(ref _normalized);
            _normalized = block.Normalize(kernels, inputs, seen);
        }

        if (_states is null || changed.HasFlag(BlockSteps.States))
        {
            Forget(ref _states);
            _states = block.MakeStates(kernels, _normalized, state, seen);
        }

        if (_gate is null || changed.HasFlag(BlockSteps.Gate))
        {
            Forget(ref _gate);
            _gate = block.MakeGate(kernels, _normalized);
        }

        if (_scanned is null || changed.HasFlag(BlockSteps.Scan))
        {
            Forget(ref _scanned);
            _scanned = block.Scan(kernels, _states, state, seen);
        }

        return block.ApplyGate(kernels, _scanned, _gate, seen);
    }

    /// <summary>What a block adds to the residual stream.</summary>
    /// <param name="block">The block.</param>
    /// <param name="changed">Steps that compute something else than in the run before; of no account in the first.</param>
    /// <returns>[B, L, D] F32; the caller disposes it.</returns>
    public Tensor Change(MambaBlock block, BlockSteps changed)
    {
        using Operand gated = ToOutProj(block, changed, seen: null);
        return block.OutProj.Apply(kernels, gated);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Forget(ref _normalized);
        Forget(ref _states);
        Forget(ref _gate);
        Forget(ref _scanned);
    }

    private static void Forget<T>(ref T? kept)
        where T : class, IDisposable
    {
        kept?.Dispose();
        kept = null;
    }
}
