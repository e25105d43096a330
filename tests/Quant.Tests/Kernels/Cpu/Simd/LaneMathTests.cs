using System.Runtime.Intrinsics;
using MambaQuant.Quant.Kernels.Cpu.Simd;
using Xunit;

namespace MambaQuant.Quant.Tests.Kernels.Cpu.Simd;

/// <summary>The functions at every lane width that this process can run, against fp64.</summary>
[Trait("Category", "Kernels")]
public sealed unsafe class LaneMathTests
{
    private delegate void Map(float* values, int count);

    public static TheoryData<string> Widths
    {
        get
        {
            var widths = new TheoryData<string> { "scalar", "128" };
            if (Vector256.IsHardwareAccelerated)
            {
                widths.Add("256");
            }

            if (Vector512.IsHardwareAccelerated)
            {
                widths.Add("512");
            }

            return widths;
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Exp_StaysWithinTwoUlps(string width)
    {
        double worst = Worst(At<ExpFunction>(width), Sweep(-104.5f, 89f), Math.Exp);
        Assert.InRange(worst, 0, 1.5); // measured: 1.02
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Exp_HandlesTheEndsOfTheRange(string width)
    {
        float[] x = [float.NegativeInfinity, -1e30f, -104f, -0f, 0f, 88.72283f, 88.7229f, 1e30f, float.PositiveInfinity, float.NaN];
        float[] y = Apply(At<ExpFunction>(width), x);
        Assert.Equal([0f, 0f, 0f, 1f, 1f], y[..5]);
        Assert.True(float.IsFinite(y[5]));
        Assert.All(y[6..9], value => Assert.Equal(float.PositiveInfinity, value));
        Assert.True(float.IsNaN(y[9]));
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void ExpBase2_StaysWithinTwoUlps(string width)
    {
        double worst = Worst(At<ExpBase2Function>(width), Sweep(-125.9f, 127.9f), x => Math.Pow(2, x));
        Assert.InRange(worst, 0, 1.5); // measured: 0.91, scalar 1.18

        // Below that results are denormal: their last place is 2^-149.
        double denormal = Worst(At<ExpBase2Function>(width), Sweep(-151f, -126f), x => Math.Pow(2, x));
        Assert.InRange(denormal, 0, 1); // measured: 0.87
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void ExpBase2_HandlesTheEndsOfTheRange(string width)
    {
        float[] x = [float.NegativeInfinity, -1e30f, -151f, -0f, 0f, 1f, -3f, 127.9999f, 128f, 1e30f, float.PositiveInfinity, float.NaN];
        float[] y = Apply(At<ExpBase2Function>(width), x);
        Assert.Equal([0f, 0f, 0f, 1f, 1f, 2f, 0.125f], y[..7]);
        Assert.True(float.IsFinite(y[7]));
        Assert.All(y[8..11], value => Assert.Equal(float.PositiveInfinity, value));
        Assert.True(float.IsNaN(y[11]));
    }

    [Fact]
    public void ExpDouble_StaysWithinTwoUlps()
    {
        Check<LanesScalar<double>, double>();
        Check<Lanes128<double>, Vector128<double>>();
        if (Vector256.IsHardwareAccelerated)
        {
            Check<Lanes256<double>, Vector256<double>>();
        }

        if (Vector512.IsHardwareAccelerated)
        {
            Check<Lanes512<double>, Vector512<double>>();
        }

        static void Check<TLanes, TVector>()
            where TLanes : struct, ILanes<TVector, double>
            where TVector : struct
        {
            double Of(double x)
            {
                double* lanes = stackalloc double[TLanes.Count];
                TLanes.Store(lanes, LaneMath.ExpDouble<TLanes, TVector>(TLanes.Broadcast(x)));
                return lanes[TLanes.Count - 1];
            }

            double worst = 0;
            for (double x = -708; x < 709.7; x += 0.010931257)
            {
                double expected = Math.Exp(x);
                worst = Math.Max(worst, Math.Abs(Of(x) - expected) / Math.ScaleB(1, Math.ILogB(expected) - 52));
            }

            Assert.InRange(worst, 0, 2); // measured: 1
            Assert.Equal([0, 0, 1, double.PositiveInfinity, double.NaN], new[] { double.NegativeInfinity, -746, 0, 709.8, double.NaN }.Select(Of));
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Softplus_IsStableForEveryFiniteX(string width)
    {
        double worst = Worst(At<SoftplusFunction>(width), Sweep(-100f, 100f), x => Math.Max(x, 0) + LogOnePlus(Math.Exp(-Math.Abs(x))));
        Assert.InRange(worst, 0, 4); // measured: 3.0

        float[] ends = Apply(At<SoftplusFunction>(width), [float.NegativeInfinity, float.MinValue, float.MaxValue, float.PositiveInfinity, float.NaN]);
        Assert.Equal([0f, 0f, float.MaxValue, float.PositiveInfinity], ends[..4]);
        Assert.True(float.IsNaN(ends[4]));
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Silu_MatchesTheReference(string width)
    {
        double worst = Worst(At<SiluFunction>(width), Sweep(-86f, 100f), x => x / (1 + Math.Exp(-x)));
        Assert.InRange(worst, 0, 3); // measured: 2.03
        Assert.True(float.IsNaN(Apply(At<SiluFunction>(width), [float.NaN])[0]));
    }

    /// <summary>log(1 + u), accurate for small u too: the rounding of 1 + u cancels.</summary>
    private static double LogOnePlus(double u)
    {
        double rounded = 1 + u;
        return rounded == 1 ? u : Math.Log(rounded) * u / (rounded - 1);
    }

    private static Map At<TFunction>(string width)
        where TFunction : struct, IFunction => width switch
        {
            "512" => Each<Lanes512<float>, Vector512<float>, TFunction>,
            "256" => Each<Lanes256<float>, Vector256<float>, TFunction>,
            "128" => Each<Lanes128<float>, Vector128<float>, TFunction>,
            _ => Each<LanesScalar<float>, float, TFunction>,
        };

    private static double Worst(Map map, float[] x, Func<double, double> reference)
    {
        float[] y = Apply(map, x);
        double worst = 0;
        for (int i = 0; i < x.Length; i++)
        {
            worst = Math.Max(worst, Difference.Ulps(y[i], reference(x[i])));
        }

        return worst;
    }

    /// <summary>Values spread over a range, with a step that is no round number, and the neighbours of zero.</summary>
    private static float[] Sweep(float from, float to)
    {
        var values = new List<float> { float.Epsilon, -float.Epsilon, 1e-20f, -1e-20f };
        for (double x = from; x < to; x += 0.000931257)
        {
            values.Add((float)x);
        }

        return [.. values];
    }

    private static float[] Apply(Map map, float[] values)
    {
        float[] copy = [.. values, .. new float[16]];
        fixed (float* first = copy)
        {
            map(first, values.Length);
        }

        return copy[..values.Length];
    }

    private static void Each<TLanes, TVector, TFunction>(float* values, int count)
        where TLanes : struct, ILanes<TVector, float>
        where TVector : struct
        where TFunction : struct, IFunction
    {
        for (int i = 0; i < count; i += TLanes.Count)
        {
            TLanes.Store(values + i, TFunction.Of<TLanes, TVector>(TLanes.Load(values + i)));
        }
    }

    private interface IFunction
    {
        static abstract TVector Of<TLanes, TVector>(TVector x)
            where TLanes : struct, ILanes<TVector, float>
            where TVector : struct;
    }

    private readonly struct ExpFunction : IFunction
    {
        public static TVector Of<TLanes, TVector>(TVector x)
            where TLanes : struct, ILanes<TVector, float>
            where TVector : struct => LaneMath.Exp<TLanes, TVector>(x);
    }

    private readonly struct ExpBase2Function : IFunction
    {
        public static TVector Of<TLanes, TVector>(TVector x)
            where TLanes : struct, ILanes<TVector, float>
            where TVector : struct => LaneMath.ExpBase2<TLanes, TVector>(x);
    }

    private readonly struct SoftplusFunction : IFunction
    {
        public static TVector Of<TLanes, TVector>(TVector x)
            where TLanes : struct, ILanes<TVector, float>
            where TVector : struct => LaneMath.Softplus<TLanes, TVector>(x);
    }

    private readonly struct SiluFunction : IFunction
    {
        public static TVector Of<TLanes, TVector>(TVector x)
            where TLanes : struct, ILanes<TVector, float>
            where TVector : struct => LaneMath.Silu<TLanes, TVector>(x);
    }
}
