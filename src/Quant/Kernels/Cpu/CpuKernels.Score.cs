using MambaQuant.Quant.Kernels.Cpu.Score;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Kernels.Cpu;

/// <content>Judging logits.</content>
public sealed unsafe partial class CpuKernels
{
    /// <inheritdoc/>
    public void CrossEntropy(Tensor logits, ReadOnlySpan<int> targets, Span<double> losses)
    {
        Expect.Ranked(logits, DType.F32, 2);
        (int rows, int words) = (logits.Shape[0], logits.Shape[1]);
        ThrowIfNotOnePerRow(targets.Length, rows, nameof(targets));
        ThrowIfNotOnePerRow(losses.Length, rows, nameof(losses));
        foreach (int target in targets)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(target, words, nameof(targets));
        }

        fixed (int* target = targets)
        fixed (double* loss = losses)
        {
            var kernel = new CrossEntropyKernel(Own(logits).Pointer<float>(), target, loss, rows, words, _pool);
            _tiles.Run<CrossEntropyKernel, double>(kernel, kernel.Tiles, 2 * ExponentialCost * logits.Shape.ElementCount);
        }
    }

    /// <inheritdoc/>
    public void CompareDistributions(Tensor reference, Tensor candidate, Span<double> divergences, Span<bool> agreements)
    {
        Expect.Ranked(reference, DType.F32, 2);
        (int rows, int words) = (reference.Shape[0], reference.Shape[1]);
        Expect.Shaped(candidate, DType.F32, [rows, words]);
        ThrowIfNotOnePerRow(divergences.Length, rows, nameof(divergences));
        ThrowIfNotOnePerRow(agreements.Length, rows, nameof(agreements));
        fixed (double* divergence = divergences)
        fixed (bool* agreement = agreements)
        {
            var kernel = new DivergenceKernel(
                Own(reference).Pointer<float>(), Own(candidate).Pointer<float>(), divergence, agreement, rows, words, _pool);
            _tiles.Run<DivergenceKernel, double>(kernel, kernel.Tiles, 6 * ExponentialCost * reference.Shape.ElementCount);
        }
    }

    private static void ThrowIfNotOnePerRow(int length, int rows, string name)
    {
        if (length != rows)
        {
            throw new ArgumentException($"one value for each of {rows} rows is expected, found {length}", name);
        }
    }
}
