using System.Collections.Immutable;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Rotations;

/// <summary>One change of one weight: a rotation, or a factor per channel, on a range of its rows or columns.</summary>
internal sealed class WeightFold
{
    private readonly FoldStep _step;
    private readonly LoadedRotation? _rotation;
    private readonly ImmutableArray<double> _factors;

    private WeightFold(FoldStep step, LoadedRotation? rotation, ImmutableArray<double> factors)
    {
        _step = step;
        _rotation = rotation;
        _factors = factors;
    }

    /// <summary>Name of the weight within the layer.</summary>
    public string Tensor => _step.Tensor;

    /// <summary>Rows W ← Tᵀ W, columns W ← W T.</summary>
    /// <param name="step">Which weight and range.</param>
    /// <param name="rotation">T.</param>
    public static WeightFold Rotation(FoldStep step, LoadedRotation rotation) => new(step, rotation, []);

    /// <summary>Rows or columns · s, or / s where the step divides.</summary>
    /// <param name="step">Which weight and range.</param>
    /// <param name="factors">s.</param>
    public static WeightFold Scale(FoldStep step, ImmutableArray<double> factors) => new(step, null, factors);

    /// <summary>Changes a weight in place.</summary>
    /// <param name="kernels">The backend.</param>
    /// <param name="weight">[out, in], or [out] for a bias, F64.</param>
    /// <exception cref="ArgumentException">The range lies outside the weight.</exception>
    public void Apply(IKernels kernels, Tensor weight)
    {
        bool rows = _step.Axis == FoldAxis.Rows;
        int extent = rows ? weight.Shape[0] : weight.Shape.Columns;
        if (_step.First < 0 || _step.First > extent - _step.Count)
        {
            throw new ArgumentException(
                $"'{Tensor}': {_step.Axis} {_step.First} to {_step.First + _step.Count} lie outside {weight}", nameof(weight));
        }

        if (_rotation is null)
        {
            Scale(kernels, weight, extent);
        }
        else if (rows)
        {
            RotateRows(kernels, weight, _rotation);
        }
        else if (_step.Count == extent)
        {
            _rotation.MultiplyFromRight(weight);
        }
        else
        {
            // Some of the columns: W T = (Tᵀ Wᵀ)ᵀ, where a range of rows is a view.
            using Tensor transposed = kernels.Transpose(weight);
            RotateRows(kernels, transposed, _rotation);
            using Tensor back = kernels.Transpose(transposed);
            kernels.Copy(back, weight);
        }
    }

    private void RotateRows(IKernels kernels, Tensor weight, LoadedRotation rotation)
    {
        using Tensor range = kernels.Rows(weight, _step.First, _step.Count);
        using Tensor matrix = kernels.Reshape(range, new Shape(_step.Count, weight.Shape.Rank == 1 ? 1 : weight.Shape.Columns));
        rotation.MultiplyTransposedFromLeft(matrix);
    }

    private void Scale(IKernels kernels, Tensor weight, int extent)
    {
        double[] factors = new double[extent];
        Array.Fill(factors, 1);
        for (int i = 0; i < _factors.Length; i++)
        {
            factors[_step.First + i] = _step.Divides ? 1 / _factors[i] : _factors[i];
        }

        using Tensor uploaded = kernels.Upload<double>(factors, new Shape(extent));
        if (_step.Axis == FoldAxis.Rows)
        {
            kernels.ScaleRows(weight, uploaded);
        }
        else
        {
            kernels.ScaleColumns(weight, uploaded);
        }
    }
}
