using System.Numerics.Tensors;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tensors;
using Tensor = MambaQuant.Quant.Tensors.Tensor;

namespace MambaQuant.Quant.Tests.Rotations;

/// <summary>Sums second moments in fp64 throughout: the statistic itself adds fp32 products, whose rounding would hide the algebra's.</summary>
internal sealed class ExactMoments(IKernels kernels) : IActivationObserver
{
    private readonly Dictionary<ActivationSite, SecondMoment> _moments = [];

    public SecondMoment this[ActivationSite site] => _moments[site];

    public ScanObservation? Scan => null;

    public bool Wants(ActivationSite site) => true;

    public void Observe(ActivationSite site, Tensor values)
    {
        int channels = values.Shape.Columns;
        float[] x = new float[values.Shape.ElementCount];
        kernels.Download(values, x.AsSpan());
        double[] sum = new double[channels];
        double[] packed = new double[SecondMoment.PackedLength(channels)];
        double[] token = new double[channels];
        for (int row = 0; row < x.Length; row += channels)
        {
            TensorPrimitives.ConvertChecked<float, double>(x.AsSpan(row, channels), token);
            TensorPrimitives.Add(sum, token, sum);
            for (int i = 0; i < channels; i++)
            {
                Span<double> packedRow = packed.AsSpan(SecondMoment.PackedLength(i), i + 1);
                TensorPrimitives.MultiplyAdd(token.AsSpan(0, i + 1), token[i], packedRow, packedRow);
            }
        }

        _moments.Add(site, new SecondMoment(values.Shape.Rows, sum, packed));
    }
}
