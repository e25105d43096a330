using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Safetensors;

/// <summary>The names that the safetensors format gives to element types.</summary>
internal static class DTypeNames
{
    private static readonly Dictionary<string, DType> _byName =
        Enum.GetValues<DType>().ToDictionary(Of, StringComparer.Ordinal);

    /// <summary>All names, in the order of <see cref="DType"/>, for messages.</summary>
    public static string All { get; } = string.Join(", ", Enum.GetValues<DType>().Select(Of));

    /// <summary>The name in the file; the enumeration's own name but for "BOOL".</summary>
    public static string Of(DType dtype) => dtype == DType.Bool ? "BOOL" : dtype.ToString();

    /// <summary>The type that a name stands for.</summary>
    public static bool TryParse(string name, out DType dtype) => _byName.TryGetValue(name, out dtype);
}
