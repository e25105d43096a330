using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Testing;

/// <content>The floating-point forward pass.</content>
public sealed partial class OpaqueKernels
{
    /// <inheritdoc/>
    public Tensor GatherRows(Tensor table, ReadOnlySpan<int> rows) => Wrap(_hidden.GatherRows(Unwrap(table), rows));

    /// <inheritdoc/>
    public Tensor RmsNorm(Tensor x, Tensor? weight, float epsilon) => Wrap(_hidden.RmsNorm(Unwrap(x), Unwrap(weight), epsilon));

    /// <inheritdoc/>
    public Tensor Linear(Tensor x, Tensor weight, Tensor? bias) => Wrap(_hidden.Linear(Unwrap(x), Unwrap(weight), Unwrap(bias)));

    /// <inheritdoc/>
    public Tensor ShiftIn(Tensor x, Tensor window) => Wrap(_hidden.ShiftIn(Unwrap(x), Unwrap(window)));

    /// <inheritdoc/>
    public Tensor CausalConvolutionSilu(Tensor extended, Tensor taps, Tensor? bias) =>
        Wrap(_hidden.CausalConvolutionSilu(Unwrap(extended), Unwrap(taps), Unwrap(bias)));

    /// <inheritdoc/>
    public void Softplus(Tensor x) => _hidden.Softplus(Unwrap(x));

    /// <inheritdoc/>
    public Tensor SelectiveScan(in ScanInputs inputs, Tensor state, ScanReadout? readout, ScanObservation? observation)
    {
        var unwrapped = new ScanInputs(
            Unwrap(inputs.X), Unwrap(inputs.Delta), Unwrap(inputs.A), Unwrap(inputs.B), Unwrap(inputs.C)!, Unwrap(inputs.D));
        ScanReadout? hiddenReadout = readout is null ? null : readout with
        {
            Rotation = Unwrap(readout.Rotation),
            StateScales = Unwrap(readout.StateScales),
            Output = readout.Output is null ? null : Unwrap(readout.Output),
        };
        ScanObservation? hiddenObservation =
            observation is null ? null : new ScanObservation(Unwrap(observation.AbsoluteMaximum), Unwrap(observation.Counts));
        return Wrap(_hidden.SelectiveScan(unwrapped, Unwrap(state), hiddenReadout, hiddenObservation));
    }

    /// <inheritdoc/>
    public Tensor GatedSilu(Tensor y, Tensor gate, Tensor? smoothing) => Wrap(_hidden.GatedSilu(Unwrap(y), Unwrap(gate), Unwrap(smoothing)));

    /// <inheritdoc/>
    public void WalshHadamard(Tensor x, HadamardTransform transform) => _hidden.WalshHadamard(Unwrap(x), Unwrap(transform));

    /// <inheritdoc/>
    public void Add(Tensor target, Tensor addend) => _hidden.Add(Unwrap(target), Unwrap(addend));

    /// <inheritdoc/>
    public Tensor SliceColumns(Tensor x, int first, int count) => Wrap(_hidden.SliceColumns(Unwrap(x), first, count));
}
