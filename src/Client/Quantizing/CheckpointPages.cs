using MambaQuant.Client.Evaluation;
using MambaQuant.Dashboard.Reports;
using MambaQuant.Pipeline.Planning;

namespace MambaQuant.Client.Quantizing;

/// <summary>Writes report.html, and where there was an evaluation evaluation.json, beside the checkpoints of a call.</summary>
internal static class CheckpointPages
{
    /// <summary>The words of a request that a report repeats.</summary>
    /// <param name="request">The request.</param>
    public static ReportFacts FactsOf(QuantizeRequest request) => new()
    {
        Model = request.ModelPath,
        Calibration = request.Calibration.Source,
        EvaluationText = request.EvaluationPath,
        Options = [.. Option("--blocks", request.Plan.Blocks), .. Option("--shards", request.Plan.Shards)],
    };

    /// <summary>The words that a report repeats where only the plan is known: names, no paths.</summary>
    /// <param name="plan">The plan.</param>
    public static ReportFacts FactsOf(WorkPlan plan)
    {
        PlanRequest request = plan.Request;
        return new ReportFacts
        {
            Model = request.Model.Name,
            Calibration = request.Calibration.Source,
            EvaluationText = request.Evaluation?.Source,
            Options = [.. Option("--blocks", plan.Grid.Blocks), .. Option("--shards", plan.Grid.Shards)],
        };
    }

    /// <summary>Writes the pages of all checkpoints of a call, each beside the others, and says where they are.</summary>
    /// <param name="report">The checkpoints, evaluated or not; those that lie in a store only have no page.</param>
    /// <param name="facts">What is typed; <see cref="ReportFacts.Call"/> is filled in here.</param>
    /// <param name="people">Where to say it.</param>
    public static void Write(QuantizeReport report, Func<QuantizedReport, ReportFacts> facts, TextWriter people)
    {
        QuantizedReport[] written = [.. report.Checkpoints.Where(checkpoint => Directory.Exists(checkpoint.Output))];
        foreach (QuantizedReport checkpoint in written)
        {
            if (checkpoint.Evaluation is { } evaluation)
            {
                EvaluationOf(evaluation, report.Float).Write(checkpoint.Output);
            }
        }

        foreach (QuantizedReport checkpoint in written)
        {
            ReportPage.Write(checkpoint.Output, facts(checkpoint) with { Call = [.. written.Select(other => other.Output)] });
            people.WriteLine($"report: {Path.Combine(checkpoint.Output, ReportPage.FileName)}");
        }
    }

    /// <summary>The content of evaluation.json.</summary>
    /// <param name="own">The checkpoint's evaluation.</param>
    /// <param name="floating">The float model's, or null.</param>
    public static CheckpointEvaluation EvaluationOf(EvaluationReport own, EvaluationReport? floating) => new()
    {
        Text = own.Text,
        WindowLength = own.WindowLength,
        Windows = own.Windows,
        Tokens = own.Tokens,
        Scored = own.Scored,
        Float = floating is null ? null : ModelOf(floating),
        Quantized = ModelOf(own),
    };

    private static ModelEvaluation ModelOf(EvaluationReport report) => new()
    {
        Compute = report.Compute,
        SizeBytes = report.SizeBytes,
        Perplexity = report.Perplexity,
        Nll = report.Nll,
        KlMean = report.KlMean,
        Top1Agreement = report.Top1Agreement,
        TokensPerSecond = report.TokensPerSecond,
    };

    private static string[] Option(string name, int? value) => value is int number ? [name, $"{number}"] : [];
}
