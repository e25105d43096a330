namespace MambaQuant.Quant.Models;

/// <summary>The side of a weight on which a transform of activations is folded.</summary>
public enum FoldAxis
{
    /// <summary>The weight produces the activation: W ← Tᵀ W (rows), bias ← Tᵀ bias.</summary>
    Rows,

    /// <summary>The weight consumes the activation: W ← W T (columns).</summary>
    Columns,
}
