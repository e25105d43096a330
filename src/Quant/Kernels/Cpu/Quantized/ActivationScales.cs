namespace MambaQuant.Quant.Kernels.Cpu.Quantized;

/// <summary>The memory of quantized activations, and which scale and zero point a row has.</summary>
internal readonly unsafe struct ActivationScales
{
    private readonly float* _tokenScales;
    private readonly int* _tokenZeroPoints;
    private readonly float _scale;
    private readonly int _zeroPoint;

    /// <summary>Codes with one scale for all rows, or one a row.</summary>
    /// <param name="codes">[T, C].</param>
    /// <param name="scale">Of all rows, where there are no others.</param>
    /// <param name="zeroPoint">Likewise.</param>
    /// <param name="tokenScales">[T], or null.</param>
    /// <param name="tokenZeroPoints">[T], or null.</param>
    internal ActivationScales(sbyte* codes, float scale, int zeroPoint, float* tokenScales, int* tokenZeroPoints)
    {
        Codes = codes;
        _scale = scale;
        _zeroPoint = zeroPoint;
        _tokenScales = tokenScales;
        _tokenZeroPoints = tokenZeroPoints;
    }

    /// <summary>[T, C].</summary>
    internal sbyte* Codes { get; }

    /// <summary>Whether every row has a scale of its own.</summary>
    internal bool IsPerToken => _tokenScales != null;

    /// <summary>Whether a zero point may differ from 0.</summary>
    internal bool IsAsymmetric => IsPerToken ? _tokenZeroPoints != null : _zeroPoint != 0;

    /// <summary>The scale of a row.</summary>
    internal float Scale(int row) => _tokenScales == null ? _scale : _tokenScales[row];

    /// <summary>The code of the value 0 in a row.</summary>
    internal int ZeroPoint(int row) =>
        _tokenScales == null ? _zeroPoint : _tokenZeroPoints == null ? 0 : _tokenZeroPoints[row];
}
