using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Benchmarks.Comparison;

/// <summary>The report that fixes who solves eigenproblems and multiplies matrices by default.</summary>
internal sealed class LinearAlgebraReport : IDisposable
{
    private const int Tokens = 512, MomentTokens = 2048;

    private readonly CpuKernels _single = new(new CpuKernelsOptions { Threads = 1 });
    private readonly CpuKernels _parallel = new();
    private readonly CpuKernels _native = new(new CpuKernelsOptions { LinearAlgebraLibrary = LinearAlgebraLibrary.Native, Threads = 1 });
    private readonly OpenBlas _blas;
    private readonly StringBuilder _rows = new();
    private readonly Random _random = new(1);

    private LinearAlgebraReport(OpenBlas blas)
    {
        _blas = blas;
    }

    /// <summary>Runs the comparison.</summary>
    /// <param name="arguments">--out FILE; --largest N, the largest eigenproblem.</param>
    /// <returns>The exit code.</returns>
    public static int Run(ReadOnlySpan<string> arguments)
    {
        string? file = null;
        int largest = 2560;
        for (int i = 0; i < arguments.Length; i += 2)
        {
            switch (arguments[i])
            {
                case "--out" when i + 1 < arguments.Length:
                    file = arguments[i + 1];
                    break;
                case "--largest" when i + 1 < arguments.Length && int.TryParse(arguments[i + 1], CultureInfo.InvariantCulture, out largest):
                    break;
                default:
                    Console.Error.WriteLine("usage: bench/benchmark linear-algebra [--out FILE] [--largest N]");
                    return 2;
            }
        }

        if (OpenBlas.Find() is not { } blas)
        {
            Console.Error.WriteLine("no OpenBLAS was found; install it (Debian: apt install libopenblas0-pthread) and run this again");
            return 1;
        }

        using var report = new LinearAlgebraReport(blas);
        string text = report.Make(largest);
        Console.Out.Write(text);
        if (file is not null)
        {
            File.WriteAllText(file, text);
        }

        return 0;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _single.Dispose();
        _parallel.Dispose();
        _native.Dispose();
    }

    private string Make(int largest)
    {
        foreach (int order in (int[])[768, 1024, 2560, 5120])
        {
            if (order <= largest)
            {
                Eigen(order);
            }
        }

        foreach (ModelSize model in ModelSize.Published)
        {
            Product(model);
        }

        foreach (ModelSize model in ModelSize.Published)
        {
            Linear(model);
        }

        foreach (ModelSize model in ModelSize.Published)
        {
            Moment(model);
        }

        return $"""
            {Environment.ProcessorCount} processors, {RuntimeInformation.FrameworkDescription}, managed: {_single.Profile}, native: {_native.Profile.Split('/')[^1]}.
            Seconds of processor time, of all threads together; all ways take turns in every round, medians over the rounds.

            | work | managed, 1 thread | managed, {_parallel.Options.Threads} threads | native, 1 thread | native : managed | rounds |
            |---|---:|---:|---:|---:|---:|
            {_rows.ToString().TrimEnd('\n')}

            """;
    }

    private void Eigen(int order)
    {
        using Tensor values = _single.Upload<double>(Doubles(order * order), new Shape(order, order));
        using Tensor matrix = _single.Multiply(values, values, transposeA: false, transposeB: true);
        Row($"eigenvalues and -vectors of order {order}, fp64", () => Solve(_single, matrix), () => Solve(_parallel, matrix), () => Solve(_native, matrix));
    }

    private void Product(ModelSize model)
    {
        int rows = 2 * model.DInner, width = model.DModel;
        double[] left = Doubles(rows * width), right = Doubles(width * width), result = new double[rows * width];
        using Tensor a = _single.Upload<double>(left, new Shape(rows, width));
        using Tensor b = _single.Upload<double>(right, new Shape(width, width));
        Row(
            $"product {rows} × {width} × {width}, fp64 (folding a rotation into in_proj of {model})",
            () => _single.Multiply(a, b, false, false).Dispose(),
            () => _parallel.Multiply(a, b, false, false).Dispose(),
            () => _blas.Product(left, right, result, rows, width, width));
    }

    private void Linear(ModelSize model)
    {
        int outputs = 2 * model.DInner, inputs = model.DModel;
        float[] rows = Floats(Tokens * inputs), matrix = Floats(outputs * inputs), result = new float[Tokens * outputs];
        using Tensor x = _single.Upload<float>(rows, new Shape(Tokens, inputs));
        using Tensor w = _single.Upload<float>(matrix, new Shape(outputs, inputs));
        Row(
            $"product {Tokens} × {inputs} × {outputs}, fp32 (in_proj of {model})",
            () => _single.Linear(x, w, null).Dispose(),
            () => _parallel.Linear(x, w, null).Dispose(),
            () => _blas.Linear(rows, matrix, result, Tokens, inputs, outputs));
    }

    private void Moment(ModelSize model)
    {
        int width = model.DInner;
        float[] rows = Floats(MomentTokens * width), result = new float[width * width];
        using Tensor x = _single.Upload<float>(rows, new Shape(MomentTokens, width));
        using Tensor sum = _single.Allocate(DType.F64, new Shape(width));
        using Tensor outer = _single.Allocate(DType.F64, new Shape(width, width));
        Row(
            $"second moment of {MomentTokens} × {width} (out_proj input of {model})",
            () => _single.AccumulateSecondMoment(x, sum, outer),
            () => _parallel.AccumulateSecondMoment(x, sum, outer),
            () => _blas.RankUpdate(rows, result, MomentTokens, width));
    }

    private void Row(string work, Action single, Action parallel, Action native)
    {
        ContestResult[] results = Contest.Run(single, parallel, native);
        (ContestResult one, ContestResult all, ContestResult library) = (results[0], results[1], results[2]);
        string row = string.Create(
            CultureInfo.InvariantCulture,
            $"| {work} | {one.Processor:g3} | {all.Processor:g3} | {library.Processor:g3} | {library.Processor / one.Processor:f2} | {one.Rounds} |");
        Console.Error.WriteLine(row);
        _rows.Append(row).Append('\n');
    }

    private static void Solve(CpuKernels kernels, Tensor matrix)
    {
        (Tensor values, Tensor vectors) = kernels.SymmetricEigen(matrix);
        values.Dispose();
        vectors.Dispose();
    }

    private double[] Doubles(int count) => [.. Enumerable.Range(0, count).Select(_ => (2 * _random.NextDouble()) - 1)];

    private float[] Floats(int count) => [.. Enumerable.Range(0, count).Select(_ => (2 * _random.NextSingle()) - 1)];
}
