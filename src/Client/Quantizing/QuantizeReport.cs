using MambaQuant.Client.Evaluation;
using MambaQuant.Client.Output;

namespace MambaQuant.Client.Quantizing;

/// <summary>What <c>quantize</c> prints.</summary>
/// <param name="Checkpoints">The checkpoints that were written, in the order of the presets.</param>
/// <param name="Float">How well the float model predicts the evaluation text; null where none was given.</param>
internal sealed record QuantizeReport(IReadOnlyList<QuantizedReport> Checkpoints, EvaluationReport? Float)
{
    /// <summary>Prints it for people: a line per checkpoint, or one table where they were evaluated.</summary>
    /// <param name="output">Where to.</param>
    public void Write(TextWriter output)
    {
        if (Float is null)
        {
            foreach (QuantizedReport checkpoint in Checkpoints)
            {
                output.WriteLine(checkpoint.Summary());
            }

            return;
        }

        TextTable table = new("", "perplexity", "vs float", "KL", "top-1", "size");
        table.Add("float", $"{Float.Perplexity:0.000}", "", "", "", $"{ByteText.Megabytes(Float.SizeBytes)} MB");
        foreach (QuantizedReport checkpoint in Checkpoints)
        {
            if (checkpoint.Evaluation is { } evaluation)
            {
                table.Add(
                    checkpoint.Recipe,
                    $"{evaluation.Perplexity:0.000}",
                    $"{100 * ((evaluation.Perplexity / Float.Perplexity) - 1):+0.00;-0.00;0.00} %",
                    $"{evaluation.KlMean:0.00000}",
                    $"{100 * evaluation.Top1Agreement:0.00} %",
                    $"{ByteText.Megabytes(evaluation.SizeBytes)} MB");
            }
        }

        table.Write(output);
    }
}
