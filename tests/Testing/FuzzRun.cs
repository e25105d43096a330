using Xunit;

namespace MambaQuant.Testing;

/// <summary>Shows a reader hostile inputs: each is read, or refused with an exception that the reader documents and that names the file.</summary>
/// <param name="name">What the message of every refusal must hold: the name of the file, or of its folder.</param>
/// <param name="refusals">The exceptions that the reader documents.</param>
public sealed class FuzzRun(string name, params Type[] refusals)
{
    private const long MaxBytes = 64L << 20;
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);

    /// <summary>Whether the environment asks for long tests: MAMBAQUANT_LONG_TESTS=1.</summary>
    public static bool IsLong { get; } = Environment.GetEnvironmentVariable("MAMBAQUANT_LONG_TESTS") is "1";

    /// <summary>How many inputs to show: a few, or thirty times as many where long tests are asked for.</summary>
    /// <param name="few">How many are a few.</param>
    public static int Count(int few) => few * (IsLong ? 30 : 1);

    /// <summary>Inputs that were refused.</summary>
    public int Refused { get; private set; }

    /// <summary>Inputs that were read.</summary>
    public int Read { get; private set; }

    /// <summary>Runs a reader over seeded inputs: a few, or thirty times as many where long tests are asked for.</summary>
    /// <param name="count">How many are a few.</param>
    /// <param name="seed">Seed of the inputs.</param>
    /// <param name="make">Makes an input.</param>
    /// <param name="read">Reads it.</param>
    /// <typeparam name="T">The kind of input; its text is shown where a reader fails.</typeparam>
    public void Repeat<T>(int count, int seed, Func<Random, T> make, Action<T> read)
    {
        ArgumentNullException.ThrowIfNull(make);
        ArgumentNullException.ThrowIfNull(read);
        var random = new Random(seed);
        for (int i = 0; i < Count(count); i++)
        {
            T input = make(random);
            Task<(Exception? Thrown, long Bytes)> reading = Task.Run<(Exception?, long)>(() =>
            {
                long before = GC.GetAllocatedBytesForCurrentThread();
                Exception? thrown = Record.Exception(() => read(input));
                return (thrown, GC.GetAllocatedBytesForCurrentThread() - before);
            });
            string shown = $"input {i} of seed {seed}: {input}";
            Assert.True(reading.Wait(_patience), $"still reading after {_patience}; {shown}");
            (Exception? thrown, long bytes) = reading.Result;
            Assert.True(bytes < MaxBytes, $"took {bytes} bytes of memory; {shown}");
            Judge(thrown, shown);
        }
    }

    private void Judge(Exception? thrown, string shown)
    {
        if (thrown is null)
        {
            Read++;
            return;
        }

        Refused++;
        Assert.True(refusals.Contains(thrown.GetType()), $"{thrown}\n{shown}");
        Assert.True(thrown.Message.Contains(name, StringComparison.Ordinal), $"no '{name}' in: {thrown.Message}\n{shown}");
    }
}
