using System.Text.Json;
using MambaQuant.Client.Evaluation;
using MambaQuant.Client.Output;
using Xunit;

namespace MambaQuant.Client.Tests.Evaluation;

public sealed class EvaluationReportTests
{
    private static readonly EvaluationReport Report = new()
    {
        Model = "out/q",
        Reference = "model",
        Compute = "integer",
        SizeBytes = 4_700_000,
        Text = "eval.txt",
        WindowLength = 512,
        Windows = 11,
        Tokens = 5193,
        Scored = 5182,
        Perplexity = 28.43210987654321,
        Nll = 3.347520123,
        KlMean = 0.00123456,
        Top1Agreement = 0.98765,
        TokensPerSecond = 12345.6,
    };

    [Fact]
    public void Text_NamesTheArithmeticOnALineOfItsOwn() =>
        Assert.Equal(
            """
            model: out/q (4.7 MB)
            compute: integer
            text: eval.txt, 5,193 tokens in 11 windows of 512, 5,182 scored
            perplexity: 28.4321
            nll: 3.347520
            reference: model
            KL mean: 0.001235
            top-1 agreement: 98.77 %
            speed: 12,346 tokens/s

            """,
            Text(Report));

    [Fact]
    public void Text_WithoutReference_SaysNothingOfIt() =>
        Assert.DoesNotContain("top-1", Text(Report with { Reference = null, KlMean = null, Top1Agreement = null }), StringComparison.Ordinal);

    [Fact]
    public void Json_CarriesEveryDigit()
    {
        using StringWriter text = new();
        JsonOutput.Write(text, Report, ClientJson.Default.EvaluationReport);

        JsonElement json = JsonDocument.Parse(text.ToString()).RootElement;

        Assert.Equal(28.43210987654321, json.GetProperty("perplexity").GetDouble());
        Assert.Equal(3.347520123, json.GetProperty("nll").GetDouble());
        Assert.Equal(5193, json.GetProperty("tokens").GetInt64());
        Assert.Equal(12345.6, json.GetProperty("tokensPerSecond").GetDouble());
        Assert.Equal(0.00123456, json.GetProperty("klMean").GetDouble());
        Assert.Equal(0.98765, json.GetProperty("top1Agreement").GetDouble());
        Assert.Equal("integer", json.GetProperty("compute").GetString());
    }

    private static string Text(EvaluationReport report)
    {
        using StringWriter text = new() { NewLine = "\n" };
        report.Write(text);
        return text.ToString();
    }
}
