using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Safetensors;

/// <summary>One tensor of a safetensors file: what it is and where its bytes lie.</summary>
/// <param name="Name">The name, unique in its file.</param>
/// <param name="DType">The element type.</param>
/// <param name="Shape">The extents, row-major.</param>
/// <param name="Offset">The first byte, counted from the start of the file (the header included).</param>
/// <param name="SizeBytes">The number of bytes: elements times element size.</param>
public sealed record SafetensorsEntry(string Name, DType DType, Shape Shape, long Offset, long SizeBytes)
{
    /// <summary>Name, element type and shape, for messages.</summary>
    public override string ToString() => $"'{Name}' ({DTypeNames.Of(DType)} {Shape})";
}
