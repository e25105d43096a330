using MambaQuant.Quant.Kernels.Cpu.Simd;

namespace MambaQuant.Quant.Kernels.Cpu.Algebra;

/// <summary>Reduces a dense symmetric matrix to tridiagonal form by Householder reflectors, A = Q T Qᵀ, and forms Qᵀ.</summary>
/// <remarks>
/// Columns are taken in panels. A column's reflector H = I − τ v vᵀ needs one product of the trailing matrix, as it was when the
/// panel began, with v; the whole panel is then applied at once as A ← A − V Wᵀ − W Vᵀ, a matrix product. Half of the work is
/// those vector products and runs at the speed of memory. The matrix is kept whole, so every row is contiguous.
/// Source: Golub and Van Loan, Matrix Computations, §8.3.1; the panels as in Dongarra, Hammarling and Sorensen (1989).
/// </remarks>
internal sealed unsafe class HouseholderTridiagonalization : IDisposable
{
    private const int PanelColumns = 32;
    private const int ReflectorsPerProduct = 64;

    private readonly CpuMemoryPool _pool;
    private readonly TileLoop _tiles;
    private readonly BlockedProduct _product;
    private readonly MatrixView _matrix;
    private readonly double[] _taus;
    private readonly long _panelBytes;
    private readonly double* _panel;

    /// <summary>Prepares a matrix.</summary>
    /// <param name="pool">Lends the buffers.</param>
    /// <param name="tiles">Runs the tiles.</param>
    /// <param name="matrix">[n, n], both triangles filled, of magnitude about 1; overwritten with the reflectors, v_j in row j.</param>
    internal HouseholderTridiagonalization(CpuMemoryPool pool, TileLoop tiles, MatrixView matrix)
    {
        _pool = pool;
        _tiles = tiles;
        _product = new BlockedProduct(pool, tiles);
        _matrix = matrix;
        int n = matrix.Rows;
        _taus = new double[n];
        Diagonal = new double[n];
        OffDiagonal = new double[n];
        _panelBytes = Math.Max(1, sizeof(double) * 3L * Math.Max(PanelColumns, ReflectorsPerProduct) * n);
        _panel = (double*)pool.Rent(_panelBytes);
    }

    /// <summary>The diagonal of T.</summary>
    internal double[] Diagonal { get; }

    /// <summary>The entries beside the diagonal of T; the last is 0.</summary>
    internal double[] OffDiagonal { get; }

    /// <inheritdoc/>
    public void Dispose() => _pool.Return((byte*)_panel, _panelBytes);

    /// <summary>Computes T and the reflectors.</summary>
    internal void Reduce()
    {
        int n = _matrix.Rows;
        for (int first = 0; first < n; first += PanelColumns)
        {
            int count = Math.Min(PanelColumns, n - first);
            double* v = _panel;
            double* w = _panel + ((long)count * n);
            for (int k = 0; k < count; k++)
            {
                ReduceColumn(first + k, k, v, w);
            }

            // [V W] · [W V]ᵀ as one product: the buffer reads V, W, V, so that its first two thirds meet its last two.
            double* again = w + ((long)count * n);
            new Span<double>(v, count * n).CopyTo(new Span<double>(again, count * n));
            int behind = first + count;
            int left = n - behind;
            _product.Run(
                new MatrixView(v, 2 * count, n).Block(0, behind, 2 * count, left).Transposed,
                new MatrixView(w, 2 * count, n).Block(0, behind, 2 * count, left),
                _matrix.Block(behind, behind, left, left),
                ProductUpdate.Subtract);
        }
    }

    /// <summary>Qᵀ = (H_0 H_1 … H_{n−2})ᵀ, last reflectors first, so that each product only meets what is not yet the identity.</summary>
    /// <param name="orthogonal">[n, n], any row stride; overwritten.</param>
    internal void FormTransposedBasis(MatrixView orthogonal)
    {
        int n = _matrix.Rows;
        for (int row = 0; row < n; row++)
        {
            new Span<double>(orthogonal.At(row, 0), n).Clear();
            *orthogonal.At(row, row) = 1;
        }

        int last = (n - 1) / ReflectorsPerProduct * ReflectorsPerProduct;
        for (int first = last; first >= 0; first -= ReflectorsPerProduct)
        {
            ApplyReflectors(orthogonal, first, Math.Min(ReflectorsPerProduct, n - first));
        }
    }

    private void ReduceColumn(int column, int done, double* v, double* w)
    {
        int n = _matrix.Rows;
        double* scalars = stackalloc double[3];
        var reflector = new ReflectorKernel
        {
            Order = n,
            Done = done,
            Column = column,
            V = v,
            W = w,
            Row = _matrix.At(column, 0),
            Scalars = scalars,
        };
        _tiles.Run<ReflectorKernel, double>(reflector, 1, 0);
        Diagonal[column] = scalars[0];
        OffDiagonal[column] = scalars[1];
        _taus[column] = scalars[2];
        double* result = w + ((long)done * n);
        if (scalars[2] == 0)
        {
            new Span<double>(result, n).Clear();
            return;
        }

        var product = new SymmetricVectorProductKernel
        {
            Matrix = _matrix,
            First = column + 1,
            Vector = v + ((long)done * n),
            Result = result,
        };
        int rows = n - column - 1;
        int tiles = (rows + SymmetricVectorProductKernel.RowsPerTile - 1) / SymmetricVectorProductKernel.RowsPerTile;
        _tiles.Run<SymmetricVectorProductKernel, double>(product, tiles, (long)rows * rows);
        reflector.FormsW = true;
        _tiles.Run<ReflectorKernel, double>(reflector, 1, 0);
    }

    /// <summary>Qᵀ ← Qᵀ (I − Vᵀ Tᵀ V) for a block of reflectors, V their rows: H_first … H_last = I − Vᵀ T V with T upper triangular.</summary>
    private void ApplyReflectors(MatrixView orthogonal, int first, int count)
    {
        int size = _matrix.Rows - first;
        var v = new MatrixView(_panel, count, size);
        for (int l = 0; l < count; l++)
        {
            new Span<double>(_matrix.At(first + l, first), size).CopyTo(new Span<double>(v.At(l, 0), size));
        }

        double* gram = stackalloc double[ReflectorsPerProduct * ReflectorsPerProduct];
        double* triangle = stackalloc double[ReflectorsPerProduct * ReflectorsPerProduct];
        var t = new MatrixView(triangle, count, count);
        _product.Run(v, v.Transposed, new MatrixView(gram, count, count), ProductUpdate.Overwrite);
        FormTriangle(t, new MatrixView(gram, count, count), _taus.AsSpan(first, count));

        var along = new MatrixView(_panel + ((long)count * size), size, count);
        var turned = new MatrixView(_panel + (2L * count * size), size, count);
        MatrixView target = orthogonal.Block(first, first, size, size);
        _product.Run(target, v.Transposed, along, ProductUpdate.Overwrite);
        _product.Run(along, t.Transposed, turned, ProductUpdate.Overwrite);
        _product.Run(turned, v, target, ProductUpdate.Subtract);
    }

    /// <summary>Column k of T is τ_k in its place and −τ_k T (V v_k) above it.</summary>
    private static void FormTriangle(MatrixView t, MatrixView gram, ReadOnlySpan<double> taus)
    {
        for (int k = 0; k < t.Rows; k++)
        {
            for (int i = 0; i < t.Rows; i++)
            {
                double sum = 0;
                for (int j = i; j < k && i < k; j++)
                {
                    sum += *t.At(i, j) * *gram.At(j, k);
                }

                *t.At(i, k) = i == k ? taus[k] : i < k ? -taus[k] * sum : 0;
            }
        }
    }
}
