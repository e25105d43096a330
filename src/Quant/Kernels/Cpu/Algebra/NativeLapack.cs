using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace MambaQuant.Quant.Kernels.Cpu.Algebra;

/// <summary>A LAPACK that is installed on the machine, called with one thread per call.</summary>
/// <remarks>
/// Looked for under the names of OpenBLAS, MKL and the reference library, in this order; 32-bit integers are expected
/// (the "LP64" builds, which these names stand for). A row-major lower triangle is what Fortran calls the upper one.
/// </remarks>
internal sealed unsafe partial class NativeLapack
{
    private static readonly string[] LibraryNames =
    [
        "libopenblas.so.0", "libopenblas.so", "libopenblas.dylib", "libopenblas.dll",
        "libmkl_rt.so.2", "libmkl_rt.so", "mkl_rt.2.dll", "liblapack.so.3", "liblapack.so",
    ];

    private readonly delegate* unmanaged[Cdecl]<byte*, byte*, int*, double*, int*, double*, double*, int*, int*, int*, int*, nint, nint, void> _dsyevd;
    private readonly delegate* unmanaged[Cdecl]<int, void> _setThreads;

    private NativeLapack(nint library, nint dsyevd)
    {
        _dsyevd = (delegate* unmanaged[Cdecl]<byte*, byte*, int*, double*, int*, double*, double*, int*, int*, int*, int*, nint, nint, void>)dsyevd;
        if (NativeLibrary.TryGetExport(library, "openblas_set_num_threads", out nint setThreads) ||
            NativeLibrary.TryGetExport(library, "MKL_Set_Num_Threads", out setThreads))
        {
            _setThreads = (delegate* unmanaged[Cdecl]<int, void>)setThreads;
        }

        Name = Describe(library);
    }

    /// <summary>Name and version, such as "openblas-0.3.21-haswell".</summary>
    internal string Name { get; }

    /// <summary>The names that are tried, for messages.</summary>
    internal static string TriedNames => string.Join(", ", LibraryNames);

    /// <summary>The first library that has what is needed, or null.</summary>
    internal static NativeLapack? Find()
    {
        foreach (string name in LibraryNames)
        {
            if (NativeLibrary.TryLoad(name, out nint library) && NativeLibrary.TryGetExport(library, "dsyevd_", out nint dsyevd))
            {
                return new NativeLapack(library, dsyevd);
            }
        }

        return null;
    }

    /// <summary>Solves a symmetric eigenproblem by divide and conquer.</summary>
    /// <param name="matrix">[n, n] dense, row-major; the lower triangle is read; overwritten with the eigenvectors, one a row.</param>
    /// <param name="order">n, at least 1.</param>
    /// <param name="values">n eigenvalues, ascending.</param>
    /// <exception cref="NumericalException">The library reports that it failed.</exception>
    internal void SymmetricEigen(double* matrix, int order, double* values)
    {
        if (_setThreads is not null)
        {
            _setThreads(1);
        }

        double wantedWork;
        int wantedIntegers;
        Call(matrix, order, values, &wantedWork, -1, &wantedIntegers, -1);
        int workSize = checked((int)wantedWork);
        double* work = (double*)NativeMemory.Alloc((nuint)workSize, sizeof(double));
        int* integers = (int*)NativeMemory.Alloc((nuint)wantedIntegers, sizeof(int));
        try
        {
            Call(matrix, order, values, work, workSize, integers, wantedIntegers);
        }
        finally
        {
            NativeMemory.Free(work);
            NativeMemory.Free(integers);
        }
    }

    private void Call(double* matrix, int order, double* values, double* work, int workSize, int* integers, int integerSize)
    {
        byte vectors = (byte)'V';
        byte upper = (byte)'U';
        int info;
        _dsyevd(&vectors, &upper, &order, matrix, &order, values, work, &workSize, integers, &integerSize, &info, 1, 1);
        if (info != 0)
        {
            throw new NumericalException($"dsyevd of {Name} did not converge at order {order} (info {info}); try the managed solver");
        }
    }

    private static string Describe(nint library)
    {
        if (NativeLibrary.TryGetExport(library, "openblas_get_config", out nint config))
        {
            string text = Marshal.PtrToStringAnsi(((delegate* unmanaged[Cdecl]<nint>)config)()) ?? "";
            string version = VersionPattern().Match(text).Value;
            string core = NativeLibrary.TryGetExport(library, "openblas_get_corename", out nint corename)
                ? Marshal.PtrToStringAnsi(((delegate* unmanaged[Cdecl]<nint>)corename)()) ?? ""
                : "";
            return core.Length == 0 ? $"openblas-{version}" : $"openblas-{version}-{core.ToLowerInvariant()}";
        }

        if (NativeLibrary.TryGetExport(library, "mkl_get_version_string", out nint mklVersion))
        {
            const int Length = 198;
            byte* buffer = stackalloc byte[Length];
            ((delegate* unmanaged[Cdecl]<byte*, int, void>)mklVersion)(buffer, Length);
            return $"mkl-{VersionPattern().Match(Marshal.PtrToStringAnsi((nint)buffer, Length)).Value}";
        }

        if (NativeLibrary.TryGetExport(library, "ilaver_", out nint lapackVersion))
        {
            int major, minor, patch;
            ((delegate* unmanaged[Cdecl]<int*, int*, int*, void>)lapackVersion)(&major, &minor, &patch);
            return $"lapack-{major}.{minor}.{patch}";
        }

        return "lapack-unknown";
    }

    [GeneratedRegex(@"\d+(\.\d+)+")]
    private static partial Regex VersionPattern();
}
