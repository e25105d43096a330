using System.Runtime.InteropServices;

namespace MambaQuant.Quant.Benchmarks.Comparison;

/// <summary>Products of the OpenBLAS of the machine, called with one thread.</summary>
internal sealed unsafe class OpenBlas
{
    private const int RowMajor = 101, Plain = 111, Transposed = 112, Lower = 122;

    private static readonly string[] _names = ["libopenblas.so.0", "libopenblas.so", "libopenblas.dylib", "libopenblas.dll"];

    private readonly delegate* unmanaged[Cdecl]<int, int, int, int, int, int, double, double*, int, double*, int, double, double*, int, void> _dgemm;
    private readonly delegate* unmanaged[Cdecl]<int, int, int, int, int, int, float, float*, int, float*, int, float, float*, int, void> _sgemm;
    private readonly delegate* unmanaged[Cdecl]<int, int, int, int, int, float, float*, int, float, float*, int, void> _ssyrk;

    private OpenBlas(nint library)
    {
        _dgemm = (delegate* unmanaged[Cdecl]<int, int, int, int, int, int, double, double*, int, double*, int, double, double*, int, void>)
            NativeLibrary.GetExport(library, "cblas_dgemm");
        _sgemm = (delegate* unmanaged[Cdecl]<int, int, int, int, int, int, float, float*, int, float*, int, float, float*, int, void>)
            NativeLibrary.GetExport(library, "cblas_sgemm");
        _ssyrk = (delegate* unmanaged[Cdecl]<int, int, int, int, int, float, float*, int, float, float*, int, void>)
            NativeLibrary.GetExport(library, "cblas_ssyrk");
        ((delegate* unmanaged[Cdecl]<int, void>)NativeLibrary.GetExport(library, "openblas_set_num_threads"))(1);
    }

    /// <summary>The library, or null where there is none.</summary>
    public static OpenBlas? Find()
    {
        foreach (string name in _names)
        {
            if (NativeLibrary.TryLoad(name, out nint library) && NativeLibrary.TryGetExport(library, "cblas_dgemm", out _))
            {
                return new OpenBlas(library);
            }
        }

        return null;
    }

    /// <summary>c = a b: [m, k] times [k, n], fp64.</summary>
    public void Product(double[] a, double[] b, double[] c, int m, int k, int n)
    {
        fixed (double* left = a, right = b, result = c)
        {
            _dgemm(RowMajor, Plain, Plain, m, n, k, 1, left, k, right, n, 0, result, n);
        }
    }

    /// <summary>y = x wᵀ: [t, i] times [o, i] transposed, fp32.</summary>
    public void Linear(float[] x, float[] w, float[] y, int t, int i, int o)
    {
        fixed (float* left = x, right = w, result = y)
        {
            _sgemm(RowMajor, Plain, Transposed, t, o, i, 1, left, i, right, i, 0, result, o);
        }
    }

    /// <summary>Lower triangle of c += xᵀ x: [t, n], fp32; what a second moment does 256 rows at a time before it widens.</summary>
    public void RankUpdate(float[] x, float[] c, int t, int n)
    {
        const int BlockRows = 256;
        fixed (float* rows = x, result = c)
        {
            for (int first = 0; first < t; first += BlockRows)
            {
                _ssyrk(RowMajor, Lower, Transposed, n, Math.Min(BlockRows, t - first), 1, rows + ((nint)first * n), n, 1, result, n);
            }
        }
    }
}
