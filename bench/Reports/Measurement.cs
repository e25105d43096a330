namespace MambaQuant.Reports;

/// <summary>One quantized checkpoint, judged.</summary>
/// <param name="Perplexity">On the subject's windows.</param>
/// <param name="Bytes">Of its tensors.</param>
/// <param name="QuantizeTime">Wall time of quantizing.</param>
/// <param name="TokensPerSecond">Of evaluating it.</param>
/// <param name="OutputPath">Where it lies until the laboratory is disposed.</param>
internal sealed record Measurement(double Perplexity, long Bytes, TimeSpan QuantizeTime, double TokensPerSecond, string OutputPath)
{
    /// <summary>The loss against the float model in percent of its perplexity.</summary>
    /// <param name="floatPerplexity">The float model's perplexity on the same windows.</param>
    public double LossPercent(double floatPerplexity) => ((Perplexity / floatPerplexity) - 1) * 100;
}
