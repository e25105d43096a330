using System.Collections.Immutable;

namespace MambaQuant.Quant.Tensors;

/// <summary>The extents of a tensor, outermost first; row-major, so the last one varies fastest.</summary>
/// <remarks>Immutable and compared by value. An empty shape is a scalar with one element.</remarks>
public readonly struct Shape : IEquatable<Shape>
{
    private readonly ImmutableArray<int> _extents;
    private readonly long _elementCount;

    /// <summary>Makes a shape of the given extents.</summary>
    /// <param name="extents">Extents, outermost first, each at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">An extent is negative.</exception>
    /// <exception cref="OverflowException">The product of the extents exceeds <see cref="long.MaxValue"/>.</exception>
    public Shape(params ReadOnlySpan<int> extents)
    {
        long count = 1;
        foreach (int extent in extents)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(extent, nameof(extents));
            count = checked(count * extent);
        }

        _extents = [.. extents];
        _elementCount = count;
    }

    /// <summary>The number of dimensions.</summary>
    public int Rank => Extents.Length;

    /// <summary>The product of all extents; 1 for a scalar, which a default value is too.</summary>
    public long ElementCount => _extents.IsDefault ? 1 : _elementCount;

    /// <summary>The extents, outermost first.</summary>
    public ImmutableArray<int> Extents => _extents.IsDefault ? [] : _extents;

    /// <summary>The last extent (the number of channels); 1 for a scalar.</summary>
    public int Columns => Rank == 0 ? 1 : Extents[^1];

    /// <summary>The number of rows when all dimensions but the last are flattened; 0 where <see cref="Columns"/> is 0.</summary>
    public int Rows => Columns == 0 ? 0 : checked((int)(ElementCount / Columns));

    /// <summary>The extent of one dimension.</summary>
    /// <param name="dimension">Index from the outermost, or from the end.</param>
    public int this[Index dimension] => Extents[dimension];

    /// <summary>Whether two shapes have the same extents.</summary>
    public static bool operator ==(Shape left, Shape right) => left.Equals(right);

    /// <summary>Whether two shapes differ in an extent.</summary>
    public static bool operator !=(Shape left, Shape right) => !left.Equals(right);

    /// <inheritdoc/>
    public bool Equals(Shape other) => Extents.AsSpan().SequenceEqual(other.Extents.AsSpan());

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Shape other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (int extent in Extents)
        {
            hash.Add(extent);
        }

        return hash.ToHashCode();
    }

    /// <summary>The extents in brackets, such as "[512, 16]".</summary>
    public override string ToString() => $"[{string.Join(", ", Extents)}]";
}
