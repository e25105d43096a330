namespace MambaQuant.Quant.Kernels.Cpu.Algebra;

/// <summary>What a matrix product does with what stands at its destination.</summary>
internal enum ProductUpdate
{
    /// <summary>c ← a·b.</summary>
    Overwrite,

    /// <summary>c ← c + a·b.</summary>
    Add,

    /// <summary>c ← c − a·b.</summary>
    Subtract,
}
