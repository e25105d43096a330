using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Quantization;

/// <summary>Rounds the weights of one module column after column, each column's error made up for by the columns behind it.</summary>
/// <remarks>
/// Minimises Tr(ΔW M ΔWᵀ), M = Σ x xᵀ / n + λ·mean diagonal, the damped second moment of the (transformed) input. With Uᵀ U = M⁻¹:
/// e = (w[i] − q) / U[i, i], w[j] −= e·U[i, j] for j &gt; i; the minimised error is Σ e².
/// Scales: of a channel or tensor from the weights as they are; of a group from the compensated weights when its first column is reached.
/// An input that was always zero is tied to no other: its weights are rounded to nearest and disturb nothing.
/// Rows do not depend on each other, so a large table may come in chunks of rows. Deterministic for the same calls and profile.
/// Cost: I³ multiply-adds to factor, O·I²/2 per weight; holds 16·I² bytes (I = 5120: 420 MB).
/// Source: GPTQ, arXiv 2210.17323.
/// </remarks>
public sealed class Gptq : IDisposable
{
    private const double LargestDamping = 1;
    private const double DampingRaise = 10;

    private readonly IKernels _kernels;
    private readonly GptqOptions _options;
    private readonly GptqMoment _moment;
    private readonly Tensor _upper;

    private Gptq(IKernels kernels, GptqOptions options, GptqMoment moment, Tensor upper)
    {
        _kernels = kernels;
        _options = options;
        _moment = moment;
        _upper = upper;
    }

    /// <summary>What was added to the diagonal, as a share of its mean.</summary>
    public double Damping => _moment.Damping;

    /// <summary>Factors the second moments of a module's input.</summary>
    /// <param name="kernels">The backend.</param>
    /// <param name="moment">Σ x xᵀ of the module's input, transformed as the weights are.</param>
    /// <param name="options">How GPTQ runs.</param>
    /// <exception cref="NumericalException">The moments cannot be factored even with the largest damping; they hold a non-finite value or nonsense.</exception>
    public static Gptq Prepare(IKernels kernels, SecondMoment moment, GptqOptions options)
    {
        ArgumentNullException.ThrowIfNull(kernels);
        ArgumentNullException.ThrowIfNull(moment);
        ArgumentNullException.ThrowIfNull(options);
        for (double damping = options.Damping; ; damping = Math.Min(damping * DampingRaise, LargestDamping))
        {
            GptqMoment damped = GptqMoment.Upload(kernels, moment, damping, options.ActivationOrder);
            try
            {
                return new Gptq(kernels, options, damped, kernels.InverseCholeskyUpper(damped.Matrix));
            }
            catch (NumericalException) when (damping < LargestDamping)
            {
                // Nearly dependent inputs: the next turn adds ten times as much to the diagonal, and the report says so.
                damped.Dispose();
            }
            catch (NumericalException)
            {
                damped.Dispose();
                throw;
            }
        }
    }

    /// <summary>Rounds weights.</summary>
    /// <param name="weight">[O, I] F32; it stays as it is.</param>
    /// <param name="args">How it is quantized.</param>
    /// <returns>Codes that the caller disposes, and what was done.</returns>
    /// <exception cref="ArgumentException">The weight has another number of inputs.</exception>
    public (WeightCodes Codes, GptqReport Report) Quantize(Tensor weight, QuantizationArgs args)
    {
        ArgumentNullException.ThrowIfNull(weight);
        ArgumentNullException.ThrowIfNull(args);
        if (weight.Shape.Rank != 2 || weight.Shape.Columns != _moment.Channels)
        {
            throw new ArgumentException($"a weight of {_moment.Channels} inputs is expected, found {weight}", nameof(weight));
        }

        int columns = weight.Shape.Columns;
        bool groups = args.Strategy == QuantizationStrategy.Group;
        using var scales = new GptqScales(_kernels, weight, args, fitsAsItGoes: groups && !_options.ActivationOrder);
        using Tensor work = _moment.Arrange(weight);
        Tensor codes = _kernels.Allocate(DType.I8, weight.Shape);
        double loss = 0;
        for (int first = 0; first < columns;)
        {
            int group = scales.GroupOf(_moment.InputAt(first));
            int count = 1;
            while (count < _options.BlockSize && first + count < columns && scales.GroupOf(_moment.InputAt(first + count)) == group)
            {
                count++;
            }

            (Tensor scale, Tensor? zeroPoint) = scales.For(group, work);
            loss += _kernels.GptqBlock(work, _upper, first, count, args.Grid, scale, zeroPoint, codes);
            first += count;
        }

        var result = scales.Combine(_moment.RestoreOrder(codes));
        return (result, Report(weight, args, result, loss));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _moment.Dispose();
        _upper.Dispose();
    }

    // The error of rounding to nearest needs a product with the moments that costs as much as GPTQ itself; some rows tell enough.
    private GptqReport Report(Tensor weight, QuantizationArgs args, WeightCodes compensated, double loss)
    {
        const int Slices = 8, RowsPerSlice = 32;
        double signal = 0, noiseRounded = 0, noiseCompensated = 0;
        int rows = weight.Shape[0];
        bool all = rows <= Slices * RowsPerSlice;
        for (int slice = 0; slice < (all ? 1 : Slices); slice++)
        {
            int first = (int)((long)slice * rows / Slices);
            int count = all ? rows : RowsPerSlice;
            using Tensor part = _kernels.Rows(weight, first, count);
            using WeightCodes rounded = RoundLike(part, args, compensated);
            using WeightCodes kept = RowsOf(compensated, first, count);
            signal += _moment.QuadraticForm(part, null);
            noiseRounded += _moment.QuadraticForm(part, rounded);
            noiseCompensated += _moment.QuadraticForm(part, kept);
        }

        return new GptqReport(
            Damping, _moment.DeadInputs, loss, Decibels.OfRatio(signal, noiseRounded), Decibels.OfRatio(signal, noiseCompensated));
    }

    private WeightCodes RoundLike(Tensor rows, QuantizationArgs args, WeightCodes whole)
    {
        if (args.Strategy != QuantizationStrategy.Tensor)
        {
            return WeightQuantizer.Round(_kernels, rows, args);
        }

        // One scale for the tensor: that of the whole weight, in a copy, since the rounded rows own theirs.
        return _kernels.QuantizeWeight(rows, args.Grid, 0, _kernels.Clone(whole.Scales), whole.ZeroPoints is { } zero ? _kernels.Clone(zero) : null);
    }

    private WeightCodes RowsOf(WeightCodes codes, int first, int count)
    {
        bool shared = codes.Scales.Shape[0] != codes.Codes.Shape[0];
        Tensor Part(Tensor tensor) => shared ? _kernels.Reshape(tensor, tensor.Shape) : _kernels.Rows(tensor, first, count);
        return new WeightCodes(
            _kernels.Rows(codes.Codes, first, count),
            Part(codes.Scales),
            codes.ZeroPoints is { } zero ? Part(zero) : null,
            codes.Grid,
            codes.GroupSize);
    }
}
