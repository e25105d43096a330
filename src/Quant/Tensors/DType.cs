namespace MambaQuant.Quant.Tensors;

/// <summary>The element types of tensors, named as in the safetensors format.</summary>
public enum DType
{
    /// <summary>64-bit IEEE floating point.</summary>
    F64,

    /// <summary>32-bit IEEE floating point.</summary>
    F32,

    /// <summary>16-bit IEEE floating point; storage only, widened to <see cref="F32"/> when read.</summary>
    F16,

    /// <summary>bfloat16: the upper half of an F32; storage only, widened to <see cref="F32"/> when read.</summary>
    BF16,

    /// <summary>64-bit signed integer.</summary>
    I64,

    /// <summary>32-bit signed integer.</summary>
    I32,

    /// <summary>16-bit signed integer.</summary>
    I16,

    /// <summary>8-bit signed integer; also holds the codes of every quantizer of 8 bits or fewer.</summary>
    I8,

    /// <summary>8-bit unsigned integer.</summary>
    U8,

    /// <summary>8-bit truth value.</summary>
    Bool,
}
