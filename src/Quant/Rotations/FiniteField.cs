namespace MambaQuant.Quant.Rotations;

/// <summary>The field GF(p^k), as far as Paley's constructions need it: subtraction, and which elements are squares.</summary>
/// <remarks>
/// An element is a polynomial over the integers modulo p of degree below k, written as the integer whose base-p digits are its
/// coefficients, constant term lowest; for k = 1 that is the residue itself. Products are reduced by the first monic irreducible
/// polynomial of degree k in the order of that coding, so the field, and every matrix made from it, is the same on every machine.
/// </remarks>
internal sealed class FiniteField
{
    private readonly int _characteristic;
    private readonly int _degree;
    private readonly int[] _modulus;

    /// <summary>Makes the field of <paramref name="order"/> elements.</summary>
    /// <param name="order">A prime power.</param>
    /// <exception cref="ArgumentException"><paramref name="order"/> is no prime power.</exception>
    public FiniteField(int order)
    {
        if (!TryPrimePower(order, out _characteristic, out _degree))
        {
            throw new ArgumentException($"a finite field has a prime power of elements; {order} is none", nameof(order));
        }

        Order = order;
        _modulus = FirstIrreducible();
    }

    /// <summary>The number of elements, p^k.</summary>
    public int Order { get; }

    /// <summary>Writes a number as a power of one prime.</summary>
    /// <param name="number">Any integer.</param>
    /// <param name="prime">The prime p, or 0.</param>
    /// <param name="exponent">The exponent k, at least 1, or 0.</param>
    /// <returns>Whether <paramref name="number"/> = p^k. Cost: sqrt(number) divisions.</returns>
    public static bool TryPrimePower(int number, out int prime, out int exponent)
    {
        (prime, exponent) = (0, 0);
        if (number < 2)
        {
            return false;
        }

        int smallest = number;
        for (int divisor = 2; (long)divisor * divisor <= number; divisor++)
        {
            if (number % divisor == 0)
            {
                smallest = divisor;
                break;
            }
        }

        int count = 0;
        int rest = number;
        for (; rest % smallest == 0; rest /= smallest)
        {
            count++;
        }

        if (rest != 1)
        {
            return false;
        }

        (prime, exponent) = (smallest, count);
        return true;
    }

    /// <summary>The difference of two elements: digit by digit, modulo p.</summary>
    public int Subtract(int left, int right)
    {
        int difference = 0;
        for (int place = 1; left != right; place *= _characteristic)
        {
            int digit = (left % _characteristic) - (right % _characteristic);
            difference += place * (digit < 0 ? digit + _characteristic : digit);
            left /= _characteristic;
            right /= _characteristic;
        }

        return difference;
    }

    /// <summary>The product of two elements.</summary>
    public int Multiply(int left, int right)
    {
        int[] a = Digits(left, _degree);
        int[] b = Digits(right, _degree);
        int[] product = new int[(2 * _degree) - 1];
        for (int i = 0; i < _degree; i++)
        {
            for (int j = 0; j < _degree; j++)
            {
                product[i + j] = (int)((product[i + j] + ((long)a[i] * b[j])) % _characteristic);
            }
        }

        Reduce(product, _modulus);
        int element = 0;
        for (int i = _degree - 1; i >= 0; i--)
        {
            element = (element * _characteristic) + product[i];
        }

        return element;
    }

    /// <summary>The quadratic character of every element: 0 at 0, +1 at the other squares, -1 elsewhere.</summary>
    /// <returns>[Order], indexed by element.</returns>
    public sbyte[] QuadraticCharacter()
    {
        sbyte[] character = new sbyte[Order];
        Array.Fill(character, (sbyte)-1);
        for (int element = 1; element < Order; element++)
        {
            character[Multiply(element, element)] = 1;
        }

        character[0] = 0;
        return character;
    }

    private int[] Digits(int element, int length)
    {
        int[] digits = new int[length];
        for (int i = 0; i < length; i++, element /= _characteristic)
        {
            digits[i] = element % _characteristic;
        }

        return digits;
    }

    // A reducible polynomial has a monic factor of at most half its degree, so dividing by all of those decides.
    private int[] FirstIrreducible()
    {
        for (int tail = 0; tail < Order; tail++)
        {
            int[] candidate = Digits(tail, _degree + 1);
            candidate[_degree] = 1;
            if (!HasSmallFactor(candidate))
            {
                return candidate;
            }
        }

        throw new ArithmeticException($"no irreducible polynomial of degree {_degree} modulo {_characteristic}: theory promises one");
    }

    private bool HasSmallFactor(int[] polynomial)
    {
        int tails = 1;
        for (int degree = 1; degree <= _degree / 2; degree++)
        {
            tails *= _characteristic;
            for (int tail = 0; tail < tails; tail++)
            {
                int[] divisor = Digits(tail, degree + 1);
                divisor[degree] = 1;
                int[] remainder = [.. polynomial];
                Reduce(remainder, divisor);
                if (Array.TrueForAll(remainder, digit => digit == 0))
                {
                    return true;
                }
            }
        }

        return false;
    }

    // Polynomial division by a monic divisor; the remainder is left in the low places, zeros above.
    private void Reduce(int[] polynomial, int[] monicDivisor)
    {
        int degree = monicDivisor.Length - 1;
        for (int top = polynomial.Length - 1; top >= degree; top--)
        {
            long factor = polynomial[top];
            for (int i = 0; factor != 0 && i <= degree; i++)
            {
                int place = top - degree + i;
                int digit = (int)((polynomial[place] - (factor * monicDivisor[i])) % _characteristic);
                polynomial[place] = digit < 0 ? digit + _characteristic : digit;
            }
        }
    }
}
