using MambaQuant.Quant.Kernels.Cpu.Forward;
using MambaQuant.Quant.Kernels.Cpu.Quantized;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Kernels.Cpu;

/// <content>The selective scan.</content>
public sealed unsafe partial class CpuKernels
{
    /// <inheritdoc/>
    public Tensor SelectiveScan(in ScanInputs inputs, Tensor state, ScanReadout? readout, ScanObservation? observation)
    {
        Expect.Ranked(inputs.X, DType.F32, 3);
        Expect.Ranked(state, DType.F32, 3);
        int batch = inputs.X.Shape[0];
        int length = inputs.X.Shape[1];
        int channels = inputs.X.Shape[2];
        int states = state.Shape[2];
        Expect.Shaped(inputs.Delta, DType.F32, [batch, length, channels]);
        Expect.Shaped(inputs.A, DType.F32, [channels, states]);
        Expect.Shaped(inputs.B, DType.F32, [batch, length, states]);
        Expect.Shaped(inputs.D, DType.F32, [channels]);
        Expect.Shaped(state, DType.F32, [batch, channels, states]);
        bool hasCodes = readout?.Output is not null;
        if (!hasCodes)
        {
            Expect.Shaped(inputs.C, DType.F32, [batch, length, states]);
        }

        float* output = hasCodes ? null : Own(inputs.C).Pointer<float>();
        using CpuTensor? integers = readout is { Output: { } codes, StateGrid: not null } ? Integers(codes) : null;
        ScanReadoutLanes lanes = Readout(readout, observation, output, batch, length, channels, states) with { CIntegers = PointerOrNull<float>(integers) };
        CpuTensor y = New(DType.F32, inputs.X.Shape);
        var kernel = new SelectiveScanKernel(
            new ScanArrays
            {
                X = Own(inputs.X).Pointer<float>(),
                Delta = Own(inputs.Delta).Pointer<float>(),
                A = Own(inputs.A).Pointer<float>(),
                B = Own(inputs.B).Pointer<float>(),
                C = output,
                D = Own(inputs.D).Pointer<float>(),
                State = Own(state).Pointer<float>(),
                Y = y.Pointer<float>(),
                Batch = batch,
                Length = length,
                Channels = channels,
                States = states,
            },
            lanes,
            _pool);
        _tiles.Run<SelectiveScanKernel, float>(kernel, kernel.Tiles, kernel.Operations);
        return y;
    }

    /// <summary>Codes as fp32 integers, for all channels to read.</summary>
    private CpuTensor Integers(ActivationCodes codes)
    {
        CpuTensor integers = New(DType.F32, codes.Codes.Shape);
        CodeConversion.Dequantize(Own(codes.Codes).Pointer<sbyte>(), 0, 1, integers.Pointer<float>(), checked((int)codes.Codes.Shape.ElementCount));
        return integers;
    }

    private static ScanReadoutLanes Readout(
        ScanReadout? readout, ScanObservation? observation, float* output, int batch, int length, int channels, int states)
    {
        HadamardTransform? rotation = readout?.Rotation;
        if (rotation is not null && rotation.Order != states)
        {
            throw new ArgumentException($"a rotation of order {states}, the number of states, is expected; found {rotation.Order}", nameof(readout));
        }

        if (readout is { StateGrid.Symmetric: false } or { Output.ZeroPoint: not 0 } or { Output.TokenZeroPoints: not null })
        {
            throw new ArgumentException("the operands of the scan's product are quantized symmetrically; use a symmetric grid and no zero point", nameof(readout));
        }

        if (readout?.StateScales is { } scales)
        {
            Expect.Shaped(scales, DType.F32, [channels]);
        }

        if (readout?.Output is { } codes)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(states, ScanCodeProduct.LargestCount, nameof(readout));
            Expect.Shaped(codes.Codes, DType.I8, [batch, length, states]);
            if (codes.TokenScales is { } tokenScales)
            {
                Expect.Shaped(tokenScales, DType.F32, [checked(batch * length)]);
            }
        }

        if (observation is not null)
        {
            Expect.Shaped(observation.AbsoluteMaximum, DType.F32, [channels, states]);
            if (observation.Counts is { } counts)
            {
                Expect.Shaped(counts, DType.I64, [channels, HistogramBins.MagnitudeBinCount]);
            }
        }

        return new ScanReadoutLanes
        {
            C = output,
            CCodes = PointerOrNull<sbyte>(readout?.Output?.Codes),
            CScale = readout?.Output?.Scale ?? 0,
            CTokenScales = PointerOrNull<float>(readout?.Output?.TokenScales),
            IsRotated = rotation is not null,
            BaseSigns = PointerOrNull<float>(rotation?.BaseSigns),
            BaseOrder = rotation?.BaseOrder ?? 1,
            PowerOfTwo = rotation?.PowerOfTwo ?? states,
            LargestCode = readout?.StateGrid?.Maximum ?? 0,
            StateScales = PointerOrNull<float>(readout?.StateScales),
            IsSimulated = readout?.Arithmetic == QuantizedArithmetic.Simulated,
            AbsoluteMaximum = PointerOrNull<float>(observation?.AbsoluteMaximum),
            Counts = PointerOrNull<long>(observation?.Counts),
            States = states,
        };
    }

    private static T* PointerOrNull<T>(Tensor? tensor)
        where T : unmanaged => tensor is null ? null : Own(tensor).Pointer<T>();
}
