using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Pipeline.Simulation;

/// <summary>Measures what the machine at hand gives: the cost model's ground.</summary>
/// <remarks>Takes a few seconds, 300 MB of memory and 64 MB of disk. Each rate is the best of several rounds: what disturbs only slows.</remarks>
/// <param name="kernels">The backend; not owned.</param>
/// <param name="time">The clock.</param>
public sealed class MachineMeasurement(IKernels kernels, TimeProvider time)
{
    private const int Rounds = 5;
    private const int Tokens = 512;
    private const int Channels = 2048;
    private const int States = 16;

    /// <summary>Measures everything.</summary>
    /// <param name="folder">A folder on the disk in question; a file is made in it and removed.</param>
    /// <param name="cancellation">Stops between rounds.</param>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public MachineRates Measure(string folder, CancellationToken cancellation)
    {
        double gemm = MeasureGemm(cancellation);
        double scan = MeasureScan(cancellation);
        double memory = MeasureMemory(cancellation);
        (double written, double read) = MeasureDisk(folder, cancellation);
        return new MachineRates(gemm, scan, memory, written, read);
    }

    /// <summary>Dense fp32 products.</summary>
    /// <param name="cancellation">Stops between rounds.</param>
    /// <returns>Operations a second, a multiply-add counted as two.</returns>
    public double MeasureGemm(CancellationToken cancellation)
    {
        using Tensor x = Ramp(new Shape(Tokens, Channels));
        using Tensor weight = Ramp(new Shape(Channels, Channels));
        return Best(2.0 * Tokens * Channels * Channels, () => kernels.Linear(x, weight, null).Dispose(), cancellation);
    }

    /// <summary>Products of 8-bit codes, of the same size.</summary>
    /// <param name="cancellation">Stops between rounds.</param>
    /// <returns>Operations a second, a multiply-add counted as two.</returns>
    public double MeasureCodes(CancellationToken cancellation)
    {
        var grid = new CodeGrid(8, Symmetric: true);
        using Tensor x = Ramp(new Shape(Tokens, Channels));
        using Tensor weight = Ramp(new Shape(Channels, Channels));
        using Tensor scales = kernels.Upload<float>([.. Enumerable.Repeat(1f / grid.Maximum, Channels)], new Shape(Channels, 1));
        using ActivationCodes codes = kernels.QuantizeActivation(x, grid, 1f / grid.Maximum, 0);
        using ActivationCodes weightCodes = kernels.QuantizeActivation(weight, grid, 1f / grid.Maximum, 0);
        var weights = new WeightCodes(weightCodes.Codes, scales, null, grid, Channels);
        return Best(2.0 * Tokens * Channels * Channels, () => kernels.QuantizedLinear(codes, weights, null, QuantizedArithmetic.Integer).Dispose(), cancellation);
    }

    private double MeasureScan(CancellationToken cancellation)
    {
        using Tensor x = Ramp(new Shape(1, Tokens, Channels));
        using Tensor delta = Ramp(new Shape(1, Tokens, Channels));
        using Tensor a = Ramp(new Shape(Channels, States));
        using Tensor b = Ramp(new Shape(1, Tokens, States));
        using Tensor c = Ramp(new Shape(1, Tokens, States));
        using Tensor d = Ramp(new Shape(Channels));
        using Tensor state = kernels.Allocate(DType.F32, new Shape(1, Channels, States));
        var inputs = new ScanInputs(x, delta, a, b, c, d);
        return Best(9.0 * Tokens * Channels * States, () => kernels.SelectiveScan(inputs, state, null, null).Dispose(), cancellation);
    }

    /// <summary>Copying tensors far larger than the caches.</summary>
    /// <param name="cancellation">Stops between rounds.</param>
    /// <returns>Bytes read and written a second.</returns>
    public double MeasureMemory(CancellationToken cancellation)
    {
        const int Values = 32 << 20;
        using Tensor source = kernels.Allocate(DType.F32, new Shape(Values));
        using Tensor destination = kernels.Allocate(DType.F32, new Shape(Values));
        return Best(2.0 * sizeof(float) * Values, () => kernels.Copy(source, destination), cancellation);
    }

    private (double Written, double Read) MeasureDisk(string folder, CancellationToken cancellation)
    {
        const int Piece = 1 << 20, Pieces = 64;
        byte[] buffer = new byte[Piece];
        for (int index = 0; index < buffer.Length; index++)
        {
            // No pattern that a file system would fold away.
            buffer[index] = (byte)((index * 0x9E3779B1L) >> 13);
        }

        string path = Path.Combine(folder, $".measurement-{Environment.ProcessId}");
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
        void Write()
        {
            file.Position = 0;
            for (int piece = 0; piece < Pieces; piece++)
            {
                file.Write(buffer);
            }

            file.Flush(flushToDisk: true);
        }

        void Read()
        {
            file.Position = 0;
            for (int piece = 0; piece < Pieces; piece++)
            {
                file.ReadExactly(buffer);
            }
        }

        double written = Best((double)Piece * Pieces, Write, cancellation);
        return (written, Best((double)Piece * Pieces, Read, cancellation));
    }

    /// <summary>The best rate of several rounds, after one to warm up.</summary>
    private double Best(double amount, Action work, CancellationToken cancellation)
    {
        work();
        TimeSpan shortest = TimeSpan.MaxValue;
        for (int round = 0; round < Rounds; round++)
        {
            cancellation.ThrowIfCancellationRequested();
            long began = time.GetTimestamp();
            work();
            TimeSpan taken = time.GetElapsedTime(began);
            shortest = taken < shortest ? taken : shortest;
        }

        // A clock that did not move cannot say more than that it was less than its tick.
        return amount / Math.Max(shortest.TotalSeconds, 1.0 / TimeSpan.TicksPerSecond);
    }

    /// <summary>Values between -1 and 0 that stay small under every product.</summary>
    private Tensor Ramp(Shape shape)
    {
        float[] values = new float[shape.ElementCount];
        for (int index = 0; index < values.Length; index++)
        {
            values[index] = -(index % 97) / 97f;
        }

        return kernels.Upload<float>(values, shape);
    }
}
