using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Kernels;

/// <summary>Quantized weights, unpacked: value[o, i] = (code − zero point[o, g]) · scale[o, g], g = i / group size.</summary>
public sealed class WeightCodes : IDisposable
{
    /// <summary>Makes a set of codes; the tensors are owned from now on.</summary>
    /// <param name="codes">[O, I] I8.</param>
    /// <param name="scales">[O, G] F32, G = ceil(I / group size); [1, 1] for one scale per tensor.</param>
    /// <param name="zeroPoints">[O, G] I32 ([1, 1] per tensor), or null for symmetric.</param>
    /// <param name="grid">The integers the codes come from.</param>
    /// <param name="groupSize">Columns that share a scale; I for one scale per row or tensor.</param>
    public WeightCodes(Tensor codes, Tensor scales, Tensor? zeroPoints, CodeGrid grid, int groupSize)
    {
        Codes = codes;
        Scales = scales;
        ZeroPoints = zeroPoints;
        Grid = grid;
        GroupSize = groupSize;
    }

    /// <summary>The codes, [O, I] I8, one a byte whatever their number of bits.</summary>
    public Tensor Codes { get; }

    /// <summary>The scales, [O, G] F32, or [1, 1].</summary>
    public Tensor Scales { get; }

    /// <summary>The zero points, like <see cref="Scales"/>, I32; null for symmetric.</summary>
    public Tensor? ZeroPoints { get; }

    /// <summary>The integers the codes come from.</summary>
    public CodeGrid Grid { get; }

    /// <summary>Columns that share a scale.</summary>
    public int GroupSize { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Codes.Dispose();
        Scales.Dispose();
        ZeroPoints?.Dispose();
    }
}
