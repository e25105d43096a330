namespace MambaQuant.Quant.Rotations;

/// <summary>How a Hadamard matrix is built: H_order = H_base (x) H_power, a Kronecker product with the Sylvester matrix on the right.</summary>
/// <param name="BaseOrder">Order of the left factor: 1, or an order of one of Paley's constructions that is no power of two.</param>
/// <param name="PowerOfTwo">Order of the right factor, Sylvester's matrix: 1, 2, 4, ...</param>
/// <remarks>
/// Entry (i, j) of the product is base(i / PowerOfTwo, j / PowerOfTwo) * (-1)^popcount((i mod PowerOfTwo) and (j mod PowerOfTwo)).
/// A vector is transformed as BaseOrder contiguous blocks of PowerOfTwo elements: a fast Walsh-Hadamard transform inside each block,
/// then the base matrix across the blocks. Cost per vector: order * (BaseOrder + log2 PowerOfTwo) additions.
/// </remarks>
public readonly record struct HadamardFactorization(int BaseOrder, int PowerOfTwo)
{
    /// <summary>The order of the product.</summary>
    /// <exception cref="OverflowException">The product exceeds <see cref="int.MaxValue"/>.</exception>
    public int Order => checked(BaseOrder * PowerOfTwo);
}
