using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Safetensors;

/// <summary>A tensor that is going to be written: everything the header of the file says about it, before its values exist.</summary>
/// <param name="Name">The name, unique in the checkpoint.</param>
/// <param name="DType">The element type in the file.</param>
/// <param name="Shape">The extents, row-major.</param>
public sealed record SafetensorsDeclaration(string Name, DType DType, Shape Shape)
{
    /// <summary>The number of bytes that the values take.</summary>
    public long SizeBytes => checked(Shape.ElementCount * DType.SizeBytes());
}
