namespace MambaQuant.Quant.Kernels.Cpu;

/// <summary>Who solves symmetric eigenproblems for the CPU backend; matrix products and factorizations are always the backend's own.</summary>
public enum LinearAlgebraLibrary
{
    /// <summary>The backend's own solver: works everywhere, and gives the same bytes on every machine of the same SIMD tier.</summary>
    Managed,

    /// <summary>A LAPACK found on the machine (OpenBLAS, MKL, or the reference library); an error where there is none.</summary>
    Native,

    /// <summary>A LAPACK found on the machine, else <see cref="Managed"/>.</summary>
    Auto,
}
