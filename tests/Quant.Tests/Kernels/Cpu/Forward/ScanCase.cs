using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Tests.Kernels.Cpu.Forward;

/// <summary>Seeded inputs of a selective scan, as host arrays and as tensors.</summary>
internal sealed class ScanCase
{
    private readonly KernelFixture _fixture;

    public ScanCase(KernelFixture fixture, int batch, int length, int channels, int states)
    {
        _fixture = fixture;
        (Batch, Length, Channels, States) = (batch, length, channels, states);
        X = fixture.RandomValues(1, batch, length, channels);
        Delta = [.. fixture.RandomValues(1, batch, length, channels).Select(value => MathF.Abs(value) * 0.2f)];
        A = [.. fixture.RandomValues(1, channels, states).Select(value => -0.05f - (4 * MathF.Abs(value)))];
        B = fixture.RandomValues(1, batch, length, states);
        C = fixture.RandomValues(1, batch, length, states);
        D = fixture.RandomValues(1, channels);
        State = fixture.RandomValues(1, batch, channels, states);
    }

    public int Batch { get; }

    public int Length { get; }

    public int Channels { get; }

    public int States { get; }

    public float[] X { get; }

    public float[] Delta { get; }

    public float[] A { get; }

    public float[] B { get; }

    public float[] C { get; }

    public float[] D { get; }

    public float[] State { get; }

    /// <summary>The tensors of some sequences and tokens.</summary>
    public ScanInputs Inputs(int firstSequence, int sequences, int firstToken, int tokens) => new(
        Cut(X, Channels, firstSequence, sequences, firstToken, tokens),
        Cut(Delta, Channels, firstSequence, sequences, firstToken, tokens),
        _fixture.Make(A, Channels, States),
        Cut(B, States, firstSequence, sequences, firstToken, tokens),
        Cut(C, States, firstSequence, sequences, firstToken, tokens),
        _fixture.Make(D, Channels));

    public ScanInputs Inputs() => Inputs(0, Batch, 0, Length);

    public Tensor Carried(int firstSequence, int sequences) => _fixture.Make(
        State.AsSpan(firstSequence * Channels * States, sequences * Channels * States).ToArray(), sequences, Channels, States);

    public Tensor Carried() => Carried(0, Batch);

    /// <summary>The formula in fp64; product computes Σ_n h C from (h over n, row of the token, channel).</summary>
    public (double[] Y, double[] State) Reference(Func<double[], int, int, double>? product = null)
    {
        double[] state = [.. State.Select(value => (double)value)];
        var y = new double[Batch * Length * Channels];
        var h = new double[States];
        for (int sequence = 0; sequence < Batch; sequence++)
        {
            for (int token = 0; token < Length; token++)
            {
                int row = (sequence * Length) + token;
                for (int channel = 0; channel < Channels; channel++)
                {
                    int at = (row * Channels) + channel;
                    int carried = ((sequence * Channels) + channel) * States;
                    for (int n = 0; n < States; n++)
                    {
                        double decay = Math.Exp((double)Delta[at] * A[(channel * States) + n]);
                        state[carried + n] = (decay * state[carried + n]) + ((double)Delta[at] * X[at] * B[(row * States) + n]);
                        h[n] = state[carried + n];
                    }

                    y[at] = ((double)D[channel] * X[at]) + (product is null ? Plain(h, row) : product(h, row, channel));
                }
            }
        }

        return (y, state);
    }

    public double Plain(double[] h, int row) => h.Select((value, n) => value * C[(row * States) + n]).Sum();

    private Tensor Cut(float[] values, int columns, int firstSequence, int sequences, int firstToken, int tokens)
    {
        var part = new List<float>();
        for (int sequence = firstSequence; sequence < firstSequence + sequences; sequence++)
        {
            part.AddRange(values.AsSpan(((sequence * Length) + firstToken) * columns, tokens * columns));
        }

        return _fixture.Make([.. part], sequences, tokens, columns);
    }
}
