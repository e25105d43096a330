using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Models;

/// <summary>An activation on its way into a module: fp32 values, and codes where the site is quantized.</summary>
public sealed class Operand : IDisposable
{
    private readonly bool _ownsValues;

    /// <summary>Makes an operand.</summary>
    /// <param name="values">fp32 values.</param>
    /// <param name="ownsValues">Whether the operand disposes the values.</param>
    /// <param name="codes">Their codes, owned; null for a float site.</param>
    public Operand(Tensor values, bool ownsValues, ActivationCodes? codes)
    {
        Values = values;
        Codes = codes;
        _ownsValues = ownsValues;
    }

    /// <summary>The values before quantization, F32.</summary>
    public Tensor Values { get; }

    /// <summary>The codes, or null where the site is not quantized.</summary>
    public ActivationCodes? Codes { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Codes?.Dispose();
        if (_ownsValues)
        {
            Values.Dispose();
        }
    }
}
