namespace MambaQuant.Quant.Kernels.Cpu.Forward;

/// <summary>The arrays and extents of one selective scan; see <see cref="ScanInputs"/> for the shapes.</summary>
internal readonly unsafe struct ScanArrays
{
    /// <summary>[B, L, E].</summary>
    internal required float* X { get; init; }

    /// <summary>[B, L, E].</summary>
    internal required float* Delta { get; init; }

    /// <summary>[E, N].</summary>
    internal required float* A { get; init; }

    /// <summary>[B, L, N].</summary>
    internal required float* B { get; init; }

    /// <summary>[B, L, N]; null where C is quantized.</summary>
    internal required float* C { get; init; }

    /// <summary>[E].</summary>
    internal required float* D { get; init; }

    /// <summary>[B, E, N], carried in and out.</summary>
    internal required float* State { get; init; }

    /// <summary>[B, L, E], written.</summary>
    internal required float* Y { get; init; }

    /// <summary>B.</summary>
    internal required int Batch { get; init; }

    /// <summary>L.</summary>
    internal required int Length { get; init; }

    /// <summary>E.</summary>
    internal required int Channels { get; init; }

    /// <summary>N.</summary>
    internal required int States { get; init; }
}
