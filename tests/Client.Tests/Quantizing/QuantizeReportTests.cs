using MambaQuant.Client.Evaluation;
using MambaQuant.Client.Quantizing;
using MambaQuant.Pipeline.Driving;
using Xunit;

namespace MambaQuant.Client.Tests.Quantizing;

public sealed class QuantizeReportTests
{
    private static readonly EvaluationReport Float = new()
    {
        Model = "model",
        Compute = "float",
        SizeBytes = 9_105_920,
        Text = "eval.txt",
        WindowLength = 512,
        Windows = 11,
        Tokens = 5193,
        Scored = 5182,
        Perplexity = 25,
        Nll = 3.2189,
        TokensPerSecond = 1000,
    };

    private static readonly QuantizedReport Checkpoint = new()
    {
        Recipe = "mambaquant",
        Scheme = "W8A8",
        Output = "out/mambaquant",
        FloatBytes = 9_105_920,
        QuantizedBytes = 4_700_000,
        CalibrationTokens = 32768,
        Stages = [new StageReport("assemble", 1.5)],
    };

    [Fact]
    public void WithoutEvaluation_EachCheckpointHasALine() =>
        Assert.Equal("out/mambaquant: mambaquant W8A8, 9.1 MB → 4.7 MB, calibrated on 32,768 tokens\n", Text(new QuantizeReport([Checkpoint], null)));

    [Fact]
    public void RecipeThatObservesNothing_ClaimsNoCalibration() => Assert.EndsWith(
        ", no calibration needed\n", Text(new QuantizeReport([Checkpoint with { CalibrationTokens = 0 }], null)), StringComparison.Ordinal);

    [Fact]
    public void WithEvaluation_ThereIsOneTable()
    {
        EvaluationReport worse = Float with { Perplexity = 30, SizeBytes = 4_700_000, KlMean = 0.1825, Top1Agreement = 0.8123 };
        EvaluationReport better = Float with { Perplexity = 24.99, SizeBytes = 4_700_000, KlMean = 0.000321, Top1Agreement = 0.99 };

        string text = Text(new QuantizeReport([Checkpoint with { Recipe = "rtn", Evaluation = worse }, Checkpoint with { Evaluation = better }], Float));

        Assert.Equal(
            """
                        perplexity  vs float       KL    top-1    size
            ----------  ----------  --------  -------  -------  ------
            float           25.000                              9.1 MB
            rtn             30.000  +20.00 %  0.18250  81.23 %  4.7 MB
            mambaquant      24.990   -0.04 %  0.00032  99.00 %  4.7 MB

            """,
            text);
    }

    private static string Text(QuantizeReport report)
    {
        using StringWriter text = new() { NewLine = "\n" };
        report.Write(text);
        return text.ToString();
    }
}
