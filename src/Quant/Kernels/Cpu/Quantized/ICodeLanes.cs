namespace MambaQuant.Quant.Kernels.Cpu.Quantized;

/// <summary>Integer arithmetic on codes in one SIMD tier: pairs of int16 in each int32 lane, products summed exactly.</summary>
/// <remarks>Implementations are empty structs with static members, as those of <see cref="Simd.ILanes{TVector, T}"/>. All tiers give the same numbers.</remarks>
/// <typeparam name="TVector">What holds the lanes, such as Vector512&lt;int&gt;.</typeparam>
internal unsafe interface ICodeLanes<TVector>
    where TVector : struct
{
    /// <summary>The number of int32 lanes; a constant to the JIT.</summary>
    static abstract int Count { get; }

    /// <summary>All lanes 0.</summary>
    static abstract TVector Zero { get; }

    /// <summary>Reads <see cref="Count"/> integers, or pairs of int16.</summary>
    static abstract TVector Load(int* source);

    /// <summary>Writes <see cref="Count"/> integers.</summary>
    static abstract void Store(int* destination, TVector value);

    /// <summary>One integer, or one pair of int16, in every lane.</summary>
    static abstract TVector Broadcast(int value);

    /// <summary>sum + left · right in every lane.</summary>
    static abstract TVector MultiplyAdd(TVector left, TVector right, TVector sum);

    /// <summary>sum + left.first · right.first + left.second · right.second, the int16 pairs of every lane.</summary>
    static abstract TVector MultiplyAddPairs(TVector left, TVector right, TVector sum);

    /// <summary>Reads 2·<see cref="Count"/> codes as pairs of int16.</summary>
    static abstract TVector LoadCodePairs(sbyte* source);

    /// <summary>Reads <see cref="Count"/> codes as integers.</summary>
    static abstract TVector LoadCodes(sbyte* source);

    /// <summary>Writes the fp32 products of integers, of magnitude at most 2^24, and a factor; rounded once.</summary>
    static abstract void StoreScaled(float* destination, TVector value, float factor);

    /// <summary>left + right.</summary>
    static abstract TVector Add(TVector left, TVector right);

    /// <summary>The sum of the lanes.</summary>
    static abstract int Sum(TVector value);
}
