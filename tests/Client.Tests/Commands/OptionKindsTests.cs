using System.CommandLine;
using MambaQuant.Client.Commands;
using MambaQuant.Quant.Kernels;
using Xunit;

namespace MambaQuant.Client.Tests.Commands;

public sealed class OptionKindsTests
{
    [Fact]
    public void Evaluate_ArithmeticIsIntegerUnlessAskedOtherwise()
    {
        Assert.Equal(QuantizedArithmetic.Integer, Compute());
        Assert.Equal(QuantizedArithmetic.Integer, Compute("--compute", "integer"));
        Assert.Equal(QuantizedArithmetic.Simulated, Compute("--compute", "simulated"));
    }

    [Theory]
    [InlineData("0", 0.0)]
    [InlineData("0.7", 0.7)]
    [InlineData("1e-3", 0.001)]
    public void Generate_TemperatureIsParsed(string text, double expected)
    {
        ParseResult parse = CommandLine.Root.Parse(["generate", "model", "--prompt", "", "--temperature", text]);

        Assert.Empty(parse.Errors);
        Assert.Equal(expected, parse.GetValue(GenerateCommand.Temperature));
    }

    [Theory]
    [InlineData("--temperature", "NaN", "--temperature must be a number from 0 to 100, found 'NaN'")]
    [InlineData("--temperature", "-1", "--temperature must be a number from 0 to 100, found '-1'")]
    [InlineData("--top-p", "0", "--top-p must be a number from 1E-06 to 1, found '0'")]
    [InlineData("--top-k", "-2", "--top-k must be a whole number of at least 0, found '-2'")]
    [InlineData("--max-tokens", "9999999999", "--max-tokens must be a whole number of at least 0, found '9999999999'")]
    public void Generate_NumberOutOfRange_IsRefused(string option, string value, string expected)
    {
        ParseResult parse = CommandLine.Root.Parse(["generate", "model", "--prompt", "", option, value]);

        Assert.Equal(expected, Assert.Single(parse.Errors).Message);
    }

    private static QuantizedArithmetic Compute(params string[] arguments)
    {
        ParseResult parse = CommandLine.Root.Parse(["evaluate", "model", "--text", "x", .. arguments]);
        Assert.Empty(parse.Errors);
        return parse.GetValue(EvaluateCommand.Compute);
    }
}
