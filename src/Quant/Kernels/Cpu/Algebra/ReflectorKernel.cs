using MambaQuant.Quant.Kernels.Cpu.Simd;

namespace MambaQuant.Quant.Kernels.Cpu.Algebra;

/// <summary>The serial steps around one Householder reflector of a panel: making v from its column, and w from A v.</summary>
/// <remarks>
/// Within a panel the trailing matrix is not updated: it is A − Σ_l (v_l w_lᵀ + w_l v_lᵀ), and only what a step needs of
/// that is formed. Both steps have a single tile.
/// </remarks>
internal unsafe struct ReflectorKernel : ITileKernel<double>
{
    /// <summary>Columns below this magnitude (of a matrix scaled to 1) count as zero; their squares would underflow.</summary>
    private const double Negligible = 1e-140;

    /// <summary>Length of every vector.</summary>
    internal int Order;

    /// <summary>Reflectors of the panel so far.</summary>
    internal int Done;

    /// <summary>The column to eliminate; v is zero up to and including it.</summary>
    internal int Column;

    /// <summary>v_l, one a row of <see cref="Order"/> numbers; the next is written to row <see cref="Done"/>.</summary>
    internal double* V;

    /// <summary>w_l likewise. Before <see cref="FormsW"/>, row <see cref="Done"/> holds A v.</summary>
    internal double* W;

    /// <summary>Row <see cref="Column"/> of the matrix, as it was when the panel began; overwritten with v.</summary>
    internal double* Row;

    /// <summary>Three results: the diagonal entry, the off-diagonal one, and τ of H = I − τ v vᵀ.</summary>
    internal double* Scalars;

    /// <summary>Whether this is the second step, which makes w.</summary>
    internal bool FormsW;

    /// <inheritdoc/>
    public readonly void Tile<TLanes, TVector>(int tile)
        where TLanes : struct, ILanes<TVector, double>
        where TVector : struct
    {
        if (FormsW)
        {
            MakeW<TLanes, TVector>();
        }
        else
        {
            MakeReflector<TLanes, TVector>();
        }
    }

    private readonly void MakeReflector<TLanes, TVector>()
        where TLanes : struct, ILanes<TVector, double>
        where TVector : struct
    {
        for (int l = 0; l < Done; l++)
        {
            double* v = V + ((long)l * Order);
            double* w = W + ((long)l * Order);
            AddScaled<TLanes, TVector>(-w[Column], v, Row);
            AddScaled<TLanes, TVector>(-v[Column], w, Row);
        }

        int next = Column + 1;
        Scalars[0] = Row[Column];
        Scalars[1] = next < Order ? Row[next] : 0;
        Scalars[2] = 0;
        double* reflector = V + ((long)Done * Order);
        new Span<double>(reflector, Order).Clear();
        double largest = 0;
        for (int i = next + 1; i < Order; i++)
        {
            largest = Math.Max(largest, Math.Abs(Row[i]));
        }

        if (largest > Negligible)
        {
            double alpha = Row[next];
            double rest = 0;
            for (int i = next + 1; i < Order; i++)
            {
                rest += Row[i] * Row[i];
            }

            double beta = -Math.CopySign(Math.Sqrt((alpha * alpha) + rest), alpha);
            double pivot = alpha - beta;
            reflector[next] = 1;
            for (int i = next + 1; i < Order; i++)
            {
                reflector[i] = Row[i] / pivot;
            }

            Scalars[1] = beta;
            Scalars[2] = -pivot / beta;
        }

        new Span<double>(reflector, Order).CopyTo(new Span<double>(Row, Order));
    }

    /// <summary>w = τ (A v − Σ_l v_l (w_l·v) + w_l (v_l·v)), then w −= ½ τ (w·v) v: H (A) H = A − v wᵀ − w vᵀ.</summary>
    private readonly void MakeW<TLanes, TVector>()
        where TLanes : struct, ILanes<TVector, double>
        where TVector : struct
    {
        double* v = V + ((long)Done * Order);
        double* w = W + ((long)Done * Order);
        for (int l = 0; l < Done; l++)
        {
            double* earlierV = V + ((long)l * Order);
            double* earlierW = W + ((long)l * Order);
            double alongW = Dot<TLanes, TVector>(earlierW, v);
            double alongV = Dot<TLanes, TVector>(earlierV, v);
            AddScaled<TLanes, TVector>(-alongW, earlierV, w);
            AddScaled<TLanes, TVector>(-alongV, earlierW, w);
        }

        double tau = Scalars[2];
        for (int i = 0; i < Order; i++)
        {
            w[i] = i <= Column ? 0 : w[i] * tau;
        }

        AddScaled<TLanes, TVector>(-0.5 * tau * Dot<TLanes, TVector>(w, v), v, w);
    }

    /// <summary>target += factor · addend, from the eliminated column on.</summary>
    private readonly void AddScaled<TLanes, TVector>(double factor, double* addend, double* target)
        where TLanes : struct, ILanes<TVector, double>
        where TVector : struct
    {
        TVector factors = TLanes.Broadcast(factor);
        int i = Column / TLanes.Count * TLanes.Count;
        for (; i <= Order - TLanes.Count; i += TLanes.Count)
        {
            TLanes.Store(target + i, TLanes.MultiplyAdd(factors, TLanes.Load(addend + i), TLanes.Load(target + i)));
        }

        for (; i < Order; i++)
        {
            target[i] += factor * addend[i];
        }
    }

    private readonly double Dot<TLanes, TVector>(double* left, double* right)
        where TLanes : struct, ILanes<TVector, double>
        where TVector : struct
    {
        TVector even = TLanes.Zero, odd = TLanes.Zero;
        int i = Column / TLanes.Count * TLanes.Count;
        for (; i <= Order - (2 * TLanes.Count); i += 2 * TLanes.Count)
        {
            even = TLanes.MultiplyAdd(TLanes.Load(left + i), TLanes.Load(right + i), even);
            odd = TLanes.MultiplyAdd(TLanes.Load(left + i + TLanes.Count), TLanes.Load(right + i + TLanes.Count), odd);
        }

        double sum = TLanes.Sum(TLanes.Add(even, odd));
        for (; i < Order; i++)
        {
            sum += left[i] * right[i];
        }

        return sum;
    }
}
