using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Kernels;

/// <summary>Quantized activations: value = (code − zero point) · scale, the scale per tensor or per token.</summary>
public sealed class ActivationCodes : IDisposable
{
    /// <summary>Codes with one scale for the whole tensor (static).</summary>
    /// <param name="codes">[..., C] I8; owned from now on.</param>
    /// <param name="scale">Positive, finite.</param>
    /// <param name="zeroPoint">The code of the value 0.</param>
    public ActivationCodes(Tensor codes, float scale, int zeroPoint)
    {
        Codes = codes;
        Scale = scale;
        ZeroPoint = zeroPoint;
    }

    /// <summary>Codes with a scale for every token (dynamic).</summary>
    /// <param name="codes">[..., C] I8, T rows; owned from now on.</param>
    /// <param name="tokenScales">[T] F32; owned from now on.</param>
    /// <param name="tokenZeroPoints">[T] I32, or null for symmetric; owned from now on.</param>
    public ActivationCodes(Tensor codes, Tensor tokenScales, Tensor? tokenZeroPoints)
    {
        Codes = codes;
        TokenScales = tokenScales;
        TokenZeroPoints = tokenZeroPoints;
    }

    /// <summary>The codes, [..., C] I8.</summary>
    public Tensor Codes { get; }

    /// <summary>The scale of the whole tensor; unused where <see cref="TokenScales"/> is set.</summary>
    public float Scale { get; }

    /// <summary>The zero point of the whole tensor; unused where <see cref="TokenScales"/> is set.</summary>
    public int ZeroPoint { get; }

    /// <summary>A scale per row, [T] F32, or null for a single one.</summary>
    public Tensor? TokenScales { get; }

    /// <summary>A zero point per row, [T] I32, or null for none.</summary>
    public Tensor? TokenZeroPoints { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Codes.Dispose();
        TokenScales?.Dispose();
        TokenZeroPoints?.Dispose();
    }
}
