using MambaQuant.Quant.Inference;

namespace MambaQuant.Client.Benchmarking;

/// <summary>What <c>bench</c> prints.</summary>
internal sealed record BenchReport
{
    /// <summary>The model as it was named.</summary>
    public required string Model { get; init; }

    /// <summary>"float", "weight-only" or "integer".</summary>
    public required string Compute { get; init; }

    /// <summary>The backend's profile, such as cpu/avx512/managed-1.</summary>
    public required string Profile { get; init; }

    /// <summary>Threads.</summary>
    public required int Threads { get; init; }

    /// <summary>Bytes of the model's tensors on disk.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>Largest resident set of this process so far, in bytes.</summary>
    public required long PeakMemoryBytes { get; init; }

    /// <summary>Tokens of the prompt.</summary>
    public required int PrefillTokens { get; init; }

    /// <summary>Tokens a second.</summary>
    public required Median Prefill { get; init; }

    /// <summary>Multiply-adds of the weights for one token.</summary>
    public required long MultiplyAddsPerToken { get; init; }

    /// <summary>Sequences that are decoded at once.</summary>
    public required int Batch { get; init; }

    /// <summary>Tokens a second, of all sequences together.</summary>
    public required Median Decode { get; init; }

    /// <summary>Bytes that a step of decoding must read, whatever the number of sequences, and those of the sequences' states, read and written; by token.</summary>
    public required double BytesPerToken { get; init; }

    /// <summary>Bytes a second that the machine reads and writes when it copies, on as many threads.</summary>
    public required double CopyBytesPerSecond { get; init; }

    /// <summary>Operations a second of an fp32 matrix product by the same kernels, a multiply-add counted as two.</summary>
    public required double FloatOperationsPerSecond { get; init; }

    /// <summary>The same of 8-bit codes.</summary>
    public required double CodeOperationsPerSecond { get; init; }

    /// <summary>The share of the machine's rate of the products that the model is made of, fp32 or of codes, that prefill reaches.</summary>
    public double PrefillShareOfPeak =>
        2 * Prefill.Middle * MultiplyAddsPerToken / (Compute == LoadedModel.NameOf(ComputeKind.Integer) ? CodeOperationsPerSecond : FloatOperationsPerSecond);

    /// <summary>The share of the machine's bandwidth that decoding reaches.</summary>
    public double DecodeShareOfBandwidth => Decode.Middle * BytesPerToken / CopyBytesPerSecond;

    /// <summary>Prints it for people.</summary>
    /// <param name="output">Where to.</param>
    public void Write(TextWriter output)
    {
        output.WriteLine($"model: {Model} ({ByteText.Readable(SizeBytes)}, {MultiplyAddsPerToken / 1e6:N1} M weights a token)");
        output.WriteLine($"compute: {Compute}, {Threads} {(Threads == 1 ? "thread" : "threads")} of {Profile}");
        output.WriteLine($"machine: copies {CopyBytesPerSecond / 1e9:N1} GB/s, multiplies fp32 at {FloatOperationsPerSecond / 1e9:N0} GFLOP/s, 8-bit codes at {CodeOperationsPerSecond / 1e9:N0} GOP/s");
        output.WriteLine($"prefill: {Rate(Prefill)}, {PrefillTokens:N0} tokens at once: {100 * PrefillShareOfPeak:N0} % of what the machine multiplies");
        output.WriteLine($"decode: {Rate(Decode)}, {Batch:N0} at once: {BytesPerToken / 1e6:N1} MB a token, {100 * DecodeShareOfBandwidth:N0} % of what the machine copies");
        output.WriteLine($"memory: {ByteText.Readable(PeakMemoryBytes)} at most");
    }

    private static string Rate(Median rate) => $"{rate.Middle:N0} tokens/s ({rate.Least:N0} to {rate.Most:N0})";
}
