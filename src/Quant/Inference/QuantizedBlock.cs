using System.Collections.Immutable;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Rotations;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Inference;

/// <summary>Builds the block that runs a quantized layer: the same forward pass as in float, with operators that hold codes.</summary>
public sealed class QuantizedBlock
{
    private readonly IKernels _kernels;
    private readonly QuantizedLayer _layer;
    private readonly ModelFamily _family;
    private readonly QuantizedArithmetic _arithmetic;
    private readonly List<IDisposable> _owned = [];

    private QuantizedBlock(IKernels kernels, MambaConfig config, QuantizedLayer layer, QuantizedArithmetic arithmetic)
    {
        _kernels = kernels;
        _layer = layer;
        _family = MambaFamily.For(config);
        _arithmetic = arithmetic;
    }

    /// <summary>Builds a block.</summary>
    /// <param name="kernels">The backend of the layer.</param>
    /// <param name="config">The model's dimensions.</param>
    /// <param name="layer">The layer; not owned, it must outlive the block.</param>
    /// <param name="arithmetic">Integer, or its fp64 reference.</param>
    public static MambaBlock Build(IKernels kernels, MambaConfig config, QuantizedLayer layer, QuantizedArithmetic arithmetic)
    {
        ArgumentNullException.ThrowIfNull(kernels);
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(layer);
        return new QuantizedBlock(kernels, config, layer, arithmetic).Build(config);
    }

    private MambaBlock Build(MambaConfig config)
    {
        int e = config.DInner;
        LayerWeights weights = _layer.Float;
        return new MambaBlock
        {
            Config = config,
            NormWeight = weights[MambaTensors.Norm],
            InProjInput = Input(ActivationSite.InProjInput),
            InProjStates = Projection(MambaFamily.InProjModule, rows: (0, e)),
            InProjGate = Projection(MambaFamily.InProjModule, rows: (e, e)),
            ConvInput = Input(ActivationSite.ConvInput),
            Convolution = Convolution(),
            XProjInput = Input(ActivationSite.XProjInput, RotationSite.XProjInput),
            XProj = Projection(MambaFamily.XProjModule),
            DtProjInput = Input(ActivationSite.DtProjInput),
            DtProj = Projection(MambaFamily.DtProjModule),
            A = Own(FloatBlock.Decay(_kernels, weights[MambaTensors.ALog])),
            D = weights[MambaTensors.D],
            ScanOutput = Input(ActivationSite.ScanOutput),
            Readout = Readout(),
            GateSmoothing = Upload(_layer.GateSmoothing),
            OutProjInput = Input(ActivationSite.OutProjInput, RotationSite.OutProjInput),
            OutProj = Projection(MambaFamily.OutProjModule),
            Owned = _owned,
        };
    }

    private SiteInput Input(ActivationSite site, RotationSite? rotation = null) => new(
        site, rotation is { } online ? Rotation(online) : null, _layer.Inputs.GetValueOrDefault(site));

    private IProjection Projection(string name, (int First, int Count)? rows = null)
    {
        ModuleDefinition module = _family.Module(name);
        Tensor? bias = module.Bias is null ? null : _layer.Float.Find(module.Bias);
        if (bias is not null && rows is { } range)
        {
            bias = Own(_kernels.Rows(bias, range.First, range.Count));
        }

        if (_layer.Weights.TryGetValue(name, out WeightCodes? codes))
        {
            return new QuantizedProjection(rows is { } r ? Own(_kernels.Rows(codes, r.First, r.Count)) : codes, bias, _arithmetic);
        }

        Tensor weight = _layer.Float[module.Weight];
        return new DequantizingProjection(rows is { } part ? Own(_kernels.Rows(weight, part.First, part.Count)) : weight, bias);
    }

    private QuantizedConvolution Convolution()
    {
        ModuleDefinition module = _family.Module(MambaFamily.ConvModule);
        WeightCodes? codes = _layer.Weights.GetValueOrDefault(module.Name);
        return new QuantizedConvolution(
            codes,
            codes is null ? _layer.Float[module.Weight] : Own(_kernels.Dequantize(codes)),
            module.Bias is null ? null : _layer.Float.Find(module.Bias),
            _arithmetic);
    }

    private ScanReadout? Readout()
    {
        HadamardTransform? rotation = Rotation(RotationSite.ScanState);
        return rotation is null && _layer.ScanState is null
            ? null
            : new ScanReadout
            {
                Rotation = rotation,
                StateGrid = _layer.ScanState?.Grid,
                StateScales = Upload(_layer.ScanStateScales),
                Arithmetic = _arithmetic,
            };
    }

    private HadamardTransform? Rotation(RotationSite site) =>
        _layer.OnlineRotations.TryGetValue(site, out int order) ? Own(HadamardMatrix.Transform(_kernels, order)) : null;

    private Tensor? Upload(ImmutableArray<float>? values) =>
        values is { } present ? Own(_kernels.Upload(present.AsSpan(), new Shape(present.Length))) : null;

    private T Own<T>(T disposable)
        where T : IDisposable
    {
        _owned.Add(disposable);
        return disposable;
    }
}
