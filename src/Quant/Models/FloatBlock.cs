using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Models;

/// <summary>Builds the fp32 block of a layer, as read or transformed.</summary>
public static class FloatBlock
{
    /// <summary>Builds a block.</summary>
    /// <param name="kernels">The backend of the weights.</param>
    /// <param name="config">The model's dimensions.</param>
    /// <param name="weights">The layer's weights, folded or not; owned by the block from now on.</param>
    /// <param name="online">What is left for run time; not owned.</param>
    public static MambaBlock Build(IKernels kernels, MambaConfig config, LayerWeights weights, OnlineTransforms online) =>
        Build(kernels, config, weights, online, ownsWeights: true);

    /// <summary>Builds a block over weights that belong to someone else.</summary>
    /// <param name="kernels">The backend of the weights.</param>
    /// <param name="config">The model's dimensions.</param>
    /// <param name="weights">The layer's weights; not owned, they must outlive the block.</param>
    /// <param name="online">What is left for run time; not owned.</param>
    public static MambaBlock Over(IKernels kernels, MambaConfig config, LayerWeights weights, OnlineTransforms online) =>
        Build(kernels, config, weights, online, ownsWeights: false);

    /// <summary>A = −exp(A_log), evaluated in fp64 and rounded once.</summary>
    /// <param name="kernels">The backend.</param>
    /// <param name="aLog">[E, N] F32.</param>
    /// <returns>[E, N] F32.</returns>
    public static Tensor Decay(IKernels kernels, Tensor aLog)
    {
        ArgumentNullException.ThrowIfNull(kernels);
        ArgumentNullException.ThrowIfNull(aLog);
        var values = new float[aLog.Shape.ElementCount];
        kernels.Download(aLog, values.AsSpan());
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (float)-Math.Exp(values[i]);
        }

        return kernels.Upload<float>(values, aLog.Shape);
    }

    private static MambaBlock Build(IKernels kernels, MambaConfig config, LayerWeights weights, OnlineTransforms online, bool ownsWeights)
    {
        ArgumentNullException.ThrowIfNull(kernels);
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(online);
        int e = config.DInner;
        Tensor? inBias = weights.Find(MambaTensors.InProjBias);
        Tensor decay = Decay(kernels, weights[MambaTensors.ALog]);
        return new MambaBlock
        {
            Config = config,
            NormWeight = weights[MambaTensors.Norm],
            InProjInput = new SiteInput(ActivationSite.InProjInput),
            InProjStates = new FloatProjection(
                kernels.Rows(weights[MambaTensors.InProj], 0, e), inBias is null ? null : kernels.Rows(inBias, 0, e)),
            InProjGate = new FloatProjection(
                kernels.Rows(weights[MambaTensors.InProj], e, e), inBias is null ? null : kernels.Rows(inBias, e, e)),
            ConvInput = new SiteInput(ActivationSite.ConvInput),
            Convolution = new FloatConvolution(weights[MambaTensors.Conv], weights.Find(MambaTensors.ConvBias)),
            XProjInput = new SiteInput(ActivationSite.XProjInput, online.XProjInput),
            XProj = new FloatProjection(weights[MambaTensors.XProj], bias: null),
            DtProjInput = new SiteInput(ActivationSite.DtProjInput),
            DtProj = new FloatProjection(weights[MambaTensors.DtProj], weights[MambaTensors.DtProjBias]),
            A = decay,
            D = weights[MambaTensors.D],
            ScanOutput = new SiteInput(ActivationSite.ScanOutput),
            Readout = online.ScanState is null ? null : new ScanReadout { Rotation = online.ScanState },
            GateSmoothing = online.GateSmoothing,
            OutProjInput = new SiteInput(ActivationSite.OutProjInput, online.OutProjInput),
            OutProj = new FloatProjection(weights[MambaTensors.OutProj], weights.Find(MambaTensors.OutProjBias)),
            Owned = ownsWeights ? [decay, weights] : [decay],
        };
    }
}
