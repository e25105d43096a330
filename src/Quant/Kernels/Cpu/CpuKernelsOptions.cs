namespace MambaQuant.Quant.Kernels.Cpu;

/// <summary>Options of the CPU backend.</summary>
public sealed record CpuKernelsOptions
{
    /// <summary>Threads that a call may use.</summary>
    /// <value>As many as the machine has processors, by default; at least 1. Results do not depend on it.</value>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Threads that are divided with other backends of the process.</summary>
    /// <value>Null by default: the backend has <see cref="Threads"/> to itself, which are not read otherwise.</value>
    public ThreadShare? Share { get; init; }

    /// <summary>Who solves symmetric eigenproblems.</summary>
    /// <value>
    /// <see cref="LinearAlgebraLibrary.Managed"/> by default. Part of the numerics profile: results differ in their last
    /// bits between libraries. Why this default: bench/results/linear-algebra.md.
    /// </value>
    public LinearAlgebraLibrary LinearAlgebraLibrary { get; init; } = LinearAlgebraLibrary.Managed;
}
