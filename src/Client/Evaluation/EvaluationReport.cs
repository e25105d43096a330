using System.Text.Json.Serialization;
using MambaQuant.Pipeline.Local;
using MambaQuant.Quant.Evaluation;
using MambaQuant.Quant.Inference;

namespace MambaQuant.Client.Evaluation;

/// <summary>What <c>evaluate</c> prints about one model on one text.</summary>
internal sealed record EvaluationReport
{
    /// <summary>The model as it was named.</summary>
    public required string Model { get; init; }

    /// <summary>The model it was compared with, as it was named; null for none.</summary>
    public string? Reference { get; init; }

    /// <summary>"float", "weight-only", "integer" or "simulated".</summary>
    public required string Compute { get; init; }

    /// <summary>Bytes of the model's tensors.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>Name of the text.</summary>
    public required string Text { get; init; }

    /// <summary>Tokens of a window.</summary>
    public required int WindowLength { get; init; }

    /// <summary>Number of windows.</summary>
    public required int Windows { get; init; }

    /// <summary>Tokens of the text.</summary>
    public required long Tokens { get; init; }

    /// <summary>Tokens that were scored.</summary>
    public required long Scored { get; init; }

    /// <summary>e to the mean negative log-likelihood.</summary>
    public required double Perplexity { get; init; }

    /// <summary>Mean negative log-likelihood, in nats per scored token.</summary>
    public required double Nll { get; init; }

    /// <summary>Mean KL(reference ‖ model), in nats per scored token; null without a reference.</summary>
    public double? KlMean { get; init; }

    /// <summary>Share of scored tokens whose most likely successor is the same; null without a reference.</summary>
    public double? Top1Agreement { get; init; }

    /// <summary>Tokens per second through the model; null where it ran earlier, or in a cluster.</summary>
    public double? TokensPerSecond { get; init; }

    /// <summary>Workers that ran at once as a part of a job, at <see cref="TokensPerSecond"/>; null for <c>evaluate</c>, where there is one.</summary>
    [JsonIgnore]
    public int? Workers { get; init; }

    /// <summary>Puts together what is known.</summary>
    /// <param name="name">The model as it was named.</param>
    /// <param name="model">The model.</param>
    /// <param name="reference">The reference as it was named, or null.</param>
    /// <param name="text">The text.</param>
    /// <param name="result">What was measured.</param>
    public static EvaluationReport Of(string name, LoadedModel model, string? reference, EvaluationText text, EvaluationResult result) =>
        Of(name, model.ComputeName, model.TensorBytes, reference, text.Name, text.WindowLength, result) with { TokensPerSecond = result.TokensPerSecond };

    /// <summary>Puts together what is known of a model that is not loaded.</summary>
    /// <param name="name">The model as it was named.</param>
    /// <param name="compute">The word for its arithmetic.</param>
    /// <param name="sizeBytes">Bytes of its tensors.</param>
    /// <param name="reference">The reference as it was named, or null.</param>
    /// <param name="text">Name of the text.</param>
    /// <param name="windowLength">Tokens of a window.</param>
    /// <param name="result">What was measured.</param>
    public static EvaluationReport Of(string name, string compute, long sizeBytes, string? reference, string text, int windowLength, EvaluationScores result) => new()
    {
        Model = name,
        Reference = reference,
        Compute = compute,
        SizeBytes = sizeBytes,
        Text = text,
        WindowLength = windowLength,
        Windows = result.Windows,
        Tokens = result.Tokens,
        Scored = result.Scored,
        Perplexity = result.Perplexity,
        Nll = result.Nll,
        KlMean = result.KlMean,
        Top1Agreement = result.Top1Agreement,
    };

    /// <summary>The same with the speed within a job.</summary>
    /// <param name="speed">The speed; null where it was not measured.</param>
    public EvaluationReport At(EvaluationSpeed? speed) => this with { TokensPerSecond = speed?.TokensPerSecond, Workers = speed?.Workers };

    /// <summary>Prints it for people.</summary>
    /// <param name="output">Where to.</param>
    public void Write(TextWriter output)
    {
        output.WriteLine($"model: {Model} ({ByteText.Readable(SizeBytes)})");
        output.WriteLine($"compute: {Compute}");
        output.WriteLine($"text: {Text}, {Tokens:N0} tokens in {Windows:N0} windows of {WindowLength:N0}, {Scored:N0} scored");
        output.WriteLine($"perplexity: {Perplexity:0.0000}");
        output.WriteLine($"nll: {Nll:0.000000}");
        if (KlMean is { } kl && Top1Agreement is { } agreement)
        {
            output.WriteLine($"reference: {Reference}");
            output.WriteLine($"KL mean: {kl:0.000000}");
            output.WriteLine($"top-1 agreement: {100 * agreement:0.00} %");
        }

        if (TokensPerSecond is { } speed)
        {
            output.WriteLine($"speed: {speed:N0} tokens/s");
        }
    }
}
