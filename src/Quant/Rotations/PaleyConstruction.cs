namespace MambaQuant.Quant.Rotations;

/// <summary>Hadamard matrices from the squares of a finite field GF(q).</summary>
/// <remarks>
/// With chi the quadratic character and Q(a, b) = chi(a - b) over the elements of GF(q), Q Q^T = q I - J and Q J = J Q = 0.
/// Construction I, q = 3 mod 4 (Q skew-symmetric), order q + 1:
///     H = I + S,  S = [ 0  1^T ; -1  Q ],  S S^T = q I,  S^T = -S,  so H H^T = I + S S^T = (q + 1) I.
/// Construction II, q = 1 mod 4 (Q symmetric), order 2 (q + 1):
///     H = C (x) [ 1 1 ; 1 -1 ] + I (x) [ 1 -1 ; -1 -1 ],  C = [ 0  1^T ; 1  Q ],  C C^T = q I,
///     the mixed terms of H H^T cancel, which leaves 2 q I + 2 I.
/// Where both give an order (12, 20, 28, ...), construction I is taken.
/// Source: R. E. A. C. Paley, On orthogonal matrices, 1933.
/// </remarks>
internal static class PaleyConstruction
{
    /// <summary>Whether one of the two constructions gives a matrix of this order. Cost: sqrt(order) divisions.</summary>
    public static bool Exists(int order) => IsFirstKind(order) || IsSecondKind(order);

    /// <summary>The matrix of an order for which <see cref="Exists"/> holds.</summary>
    /// <param name="order">The order, a multiple of 4.</param>
    /// <returns>[order, order], row-major, entries +1 and -1.</returns>
    /// <exception cref="ArgumentException">Neither construction gives this order.</exception>
    public static sbyte[] Signs(int order)
    {
        if (IsFirstKind(order))
        {
            return FirstKind(order);
        }

        return IsSecondKind(order)
            ? SecondKind(order)
            : throw new ArgumentException($"neither of Paley's constructions gives a Hadamard matrix of order {order}", nameof(order));
    }

    private static bool IsFirstKind(int order) =>
        order > 0 && order % 4 == 0 && FiniteField.TryPrimePower(order - 1, out _, out _);

    // Order 2 (q + 1) with q = 1 mod 4 is 4 times an odd number.
    private static bool IsSecondKind(int order) =>
        order > 4 && order % 8 == 4 && FiniteField.TryPrimePower((order / 2) - 1, out _, out _);

    private static sbyte[] FirstKind(int order)
    {
        sbyte[] signs = BorderedCharacter(order, leftBorder: -1);
        for (int i = 0; i < order; i++)
        {
            signs[(i * order) + i] = 1;
        }

        return signs;
    }

    private static sbyte[] SecondKind(int order)
    {
        int half = order / 2;
        sbyte[] conference = BorderedCharacter(half, leftBorder: 1);
        sbyte[] signs = new sbyte[checked(order * order)];
        for (int row = 0; row < half; row++)
        {
            for (int column = 0; column < half; column++)
            {
                sbyte c = conference[(row * half) + column];
                int corner = (2 * row * order) + (2 * column);
                bool diagonal = row == column;
                signs[corner] = diagonal ? (sbyte)1 : c;
                signs[corner + 1] = diagonal ? (sbyte)-1 : c;
                signs[corner + order] = diagonal ? (sbyte)-1 : c;
                signs[corner + order + 1] = diagonal ? (sbyte)-1 : (sbyte)-c;
            }
        }

        return signs;
    }

    // [ 0 1^T ; leftBorder Q ] of order q + 1.
    private static sbyte[] BorderedCharacter(int order, sbyte leftBorder)
    {
        sbyte[] matrix = new sbyte[checked(order * order)];
        var field = new FiniteField(order - 1);
        sbyte[] character = field.QuadraticCharacter();
        matrix.AsSpan(1, order - 1).Fill(1);
        for (int row = 1; row < order; row++)
        {
            matrix[row * order] = leftBorder;
            for (int column = 1; column < order; column++)
            {
                matrix[(row * order) + column] = character[field.Subtract(row - 1, column - 1)];
            }
        }

        return matrix;
    }
}
