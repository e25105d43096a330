using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Quantization;

/// <summary>The scales that GPTQ rounds to: a vector over the rows for every group of columns, fitted beforehand or when its group is reached.</summary>
internal sealed class GptqScales : IDisposable
{
    private readonly IKernels _kernels;
    private readonly QuantizationArgs _args;
    private readonly int _rows;
    private readonly int _groupSize;
    private readonly int _groups;
    private readonly float[] _scales;
    private readonly int[]? _zeroPoints;
    private readonly bool _sharedByRows;
    private readonly bool[] _fitted;
    private (int Group, Tensor Scale, Tensor? ZeroPoint)? _current;

    /// <summary>Makes the scales of a weight.</summary>
    /// <param name="kernels">The backend.</param>
    /// <param name="weight">[O, I] F32, as it is before any rounding.</param>
    /// <param name="args">How it is quantized.</param>
    /// <param name="fitsAsItGoes">Whether a group's scales are fitted to the compensated weights when the group is reached.</param>
    public GptqScales(IKernels kernels, Tensor weight, QuantizationArgs args, bool fitsAsItGoes)
    {
        _kernels = kernels;
        _args = args;
        _rows = weight.Shape[0];
        int columns = weight.Shape.Columns;
        int kernelGroupSize = WeightQuantizer.GroupSize(args, columns);
        _sharedByRows = kernelGroupSize == 0;
        _groupSize = _sharedByRows ? columns : kernelGroupSize;
        _groups = (columns + _groupSize - 1) / _groupSize;
        _scales = new float[_rows * _groups];
        _zeroPoints = args.Symmetric ? null : new int[_rows * _groups];
        _fitted = new bool[_groups];
        if (!fitsAsItGoes)
        {
            (Tensor scales, Tensor? zeroPoints) = kernels.FitWeightScales(weight, args.Grid, kernelGroupSize, WeightQuantizer.RangeOf(args));
            Keep(scales, zeroPoints);
            Array.Fill(_fitted, true);
        }
    }

    /// <summary>The group of an input.</summary>
    /// <param name="input">0 to I − 1.</param>
    public int GroupOf(int input) => input / _groupSize;

    /// <summary>Scales and zero points of a group over all rows, [O] each; they stay valid until the next call.</summary>
    /// <param name="group">The group.</param>
    /// <param name="work">The compensated weights, [O, I] F64, inputs in their own order where a group is yet to be fitted.</param>
    public (Tensor Scale, Tensor? ZeroPoint) For(int group, Tensor work)
    {
        if (_current is { } current && current.Group == group)
        {
            return (current.Scale, current.ZeroPoint);
        }

        if (!_fitted[group])
        {
            Fit(group, work);
        }

        Release();
        var shape = new Shape(_rows);
        Tensor scale = _kernels.Upload<float>(Column(_scales, group), shape);
        Tensor? zeroPoint = _zeroPoints is null ? null : _kernels.Upload<int>(Column(_zeroPoints, group), shape);
        _current = (group, scale, zeroPoint);
        return (scale, zeroPoint);
    }

    /// <summary>The finished weights.</summary>
    /// <param name="codes">[O, I] I8, inputs in their own order; owned by the result.</param>
    public WeightCodes Combine(Tensor codes)
    {
        var shape = _sharedByRows ? new Shape(1, 1) : new Shape(_rows, _groups);
        int count = _sharedByRows ? 1 : _scales.Length;
        return new WeightCodes(
            codes,
            _kernels.Upload<float>(_scales.AsSpan(0, count), shape),
            _zeroPoints is null ? null : _kernels.Upload<int>(_zeroPoints.AsSpan(0, count), shape),
            _args.Grid,
            _groupSize);
    }

    /// <inheritdoc/>
    public void Dispose() => Release();

    private void Fit(int group, Tensor work)
    {
        int first = group * _groupSize;
        int count = Math.Min(_groupSize, work.Shape.Columns - first);
        using Tensor columns = _kernels.SliceColumns(work, first, count);
        (Tensor scales, Tensor? zeroPoints) = _kernels.FitWeightScales(columns, _args.Grid, count, WeightQuantizer.RangeOf(_args));
        float[] fitted = _kernels.ToArray<float>(scales);
        int[]? fittedZeroPoints = zeroPoints is null ? null : _kernels.ToArray<int>(zeroPoints);
        for (int row = 0; row < _rows; row++)
        {
            _scales[(row * _groups) + group] = fitted[row];
            if (_zeroPoints is not null)
            {
                _zeroPoints[(row * _groups) + group] = fittedZeroPoints![row];
            }
        }

        scales.Dispose();
        zeroPoints?.Dispose();
        _fitted[group] = true;
    }

    private void Keep(Tensor scales, Tensor? zeroPoints)
    {
        float[] fitted = _kernels.ToArray<float>(scales);
        int[]? fittedZeroPoints = zeroPoints is null ? null : _kernels.ToArray<int>(zeroPoints);
        for (int i = 0; i < _scales.Length; i++)
        {
            _scales[i] = fitted[_sharedByRows ? 0 : i];
            if (_zeroPoints is not null)
            {
                _zeroPoints[i] = fittedZeroPoints![_sharedByRows ? 0 : i];
            }
        }

        scales.Dispose();
        zeroPoints?.Dispose();
    }

    private T[] Column<T>(T[] values, int group)
    {
        T[] column = new T[_rows];
        for (int row = 0; row < _rows; row++)
        {
            column[row] = values[(row * _groups) + group];
        }

        return column;
    }

    private void Release()
    {
        _current?.Scale.Dispose();
        _current?.ZeroPoint?.Dispose();
        _current = null;
    }
}
