using MambaQuant.Quant.Rotations;
using Xunit;

namespace MambaQuant.Quant.Tests.Rotations;

public sealed class FiniteFieldTests
{
    [Theory]
    [InlineData(3)]
    [InlineData(9)]
    [InlineData(13)]
    [InlineData(25)]
    [InlineData(27)]
    [InlineData(49)]
    [InlineData(81)]
    public void Field_HasInversesAndDistributes(int order)
    {
        var field = new FiniteField(order);
        int Add(int a, int b) => field.Subtract(a, field.Subtract(0, b));
        for (int a = 1; a < order; a++)
        {
            // Multiplication by a non-zero element is a permutation exactly when there are no zero divisors.
            Assert.Equal(order, Enumerable.Range(0, order).Select(b => field.Multiply(a, b)).Distinct().Count());
            Assert.Equal(a, field.Multiply(a, 1));
            Assert.Equal(0, field.Subtract(a, a));
            for (int b = 0; b < order; b++)
            {
                Assert.Equal(field.Multiply(a, b), field.Multiply(b, a));
                int c = ((a * 7) + (b * 3)) % order;
                Assert.Equal(field.Multiply(a, Add(b, c)), Add(field.Multiply(a, b), field.Multiply(a, c)));
            }
        }
    }

    [Theory]
    [InlineData(7)]
    [InlineData(25)]
    [InlineData(27)]
    [InlineData(343)]
    public void Character_IsMultiplicativeAndBalanced(int order)
    {
        var field = new FiniteField(order);
        sbyte[] character = field.QuadraticCharacter();
        Assert.Equal(0, character.Sum(value => value));
        for (int a = 0; a < order; a++)
        {
            int b = ((5 * a) + 3) % order;
            Assert.Equal(character[a] * character[b], character[field.Multiply(a, b)]);
        }

        // -1 is a square exactly when q = 1 mod 4.
        Assert.Equal(order % 4 == 1 ? 1 : -1, character[field.Subtract(0, 1)]);
    }

    [Theory]
    [InlineData(2, 2, 1)]
    [InlineData(27, 3, 3)]
    [InlineData(49, 7, 2)]
    [InlineData(2401, 7, 4)]
    [InlineData(int.MaxValue, int.MaxValue, 1)]
    public void PrimePower_IsRecognised(int number, int prime, int exponent)
    {
        Assert.True(FiniteField.TryPrimePower(number, out int foundPrime, out int foundExponent));
        Assert.Equal((prime, exponent), (foundPrime, foundExponent));
    }

    [Theory]
    [InlineData(-3)]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(6)]
    [InlineData(12)]
    [InlineData(45)]
    [InlineData(91)]
    public void OtherNumbers_AreNoPrimePowers(int number)
    {
        Assert.False(FiniteField.TryPrimePower(number, out _, out _));
        Assert.Throws<ArgumentException>(() => new FiniteField(number));
    }
}
