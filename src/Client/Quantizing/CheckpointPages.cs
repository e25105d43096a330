using MambaQuant.Client.Evaluation;
using MambaQuant.Dashboard.Reports;
using MambaQuant.Pipeline.Inputs;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Storage;

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

    /// <summary>The words that a report of a cluster's job repeats: what was typed, and the plan's names where that is not known.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="typed">What was typed; null for nothing.</param>
    public static ReportFacts FactsOf(WorkPlan plan, InputWords? typed)
    {
        ReportFacts planned = FactsOf(plan);
        return planned with
        {
            Model = typed?.Model ?? planned.Model,
            Calibration = typed?.Calibration ?? planned.Calibration,
            EvaluationText = typed?.EvaluationText ?? planned.EvaluationText,
        };
    }

    /// <summary>The words of a submission that may be repeated: what was typed, but for what only a cluster understands, such as <c>store:JOB</c>, or holds a secret.</summary>
    /// <param name="typed">What was typed.</param>
    public static InputWords WordsOf(QuantizeRequest typed) => new()
    {
        Model = Local(typed.ModelPath),
        Calibration = Local(typed.Calibration.Source),
        EvaluationText = Local(typed.EvaluationPath),
    };

    /// <summary>Writes the pages of all checkpoints of a call, each beside the others, and says where they are.</summary>
    /// <param name="report">The checkpoints, evaluated or not; those that lie in a store only have no page.</param>
    /// <param name="facts">What is typed; <see cref="ReportFacts.Call"/> is filled in here.</param>
    /// <param name="people">Where to say it; also what could not be written, as the checkpoints are whole without.</param>
    public static void Write(QuantizeReport report, Func<QuantizedReport, ReportFacts> facts, TextWriter people)
    {
        QuantizedReport[] written = [.. report.Checkpoints.Where(checkpoint => Directory.Exists(checkpoint.Output))];
        foreach (QuantizedReport checkpoint in written)
        {
            if (checkpoint.Evaluation is { } evaluation)
            {
                Try(checkpoint.Output, () => EvaluationOf(evaluation, report.Float).Write(checkpoint.Output), line => people.WriteLine(line));
            }
        }

        foreach (QuantizedReport checkpoint in written)
        {
            ReportFacts own = facts(checkpoint) with { Call = [.. written.Select(other => other.Output)] };
            if (Try(checkpoint.Output, () => ReportPage.Write(checkpoint.Output, own), line => people.WriteLine(line)))
            {
                people.WriteLine($"report: {Path.Combine(checkpoint.Output, ReportPage.FileName)}");
            }
        }
    }

    /// <summary>Writes the page of a checkpoint that is just finished, before others of its call are.</summary>
    /// <param name="folder">The checkpoint.</param>
    /// <param name="facts">What is typed.</param>
    /// <param name="tell">Hears what could not be written: the checkpoint is whole without.</param>
    public static void WriteFirst(string folder, ReportFacts facts, Action<string> tell) => Try(folder, () => ReportPage.Write(folder, facts), tell);

    /// <summary>Writes the pages of the other checkpoints of a call again: they show what has changed of this one.</summary>
    /// <param name="folder">The checkpoint.</param>
    /// <param name="people">Hears what could not be written.</param>
    public static void Refresh(string folder, TextWriter people)
    {
        foreach (string other in ReportPage.OthersOf(folder))
        {
            Try(other, () => ReportPage.Write(other, new ReportFacts()), people.WriteLine);
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

    /// <summary>Writes what tells of a checkpoint: where that fails, the checkpoint is no worse, and the work goes on.</summary>
    private static bool Try(string folder, Action write, Action<string> tell)
    {
        try
        {
            write();
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or InvalidCheckpointException)
        {
            tell($"warning: the report of {folder} is not complete: {failure.Message.TrimEnd('.')}. The checkpoint is whole; when the cause is gone, mambaquant evaluate {folder} --text FILE --save writes {ReportPage.FileName} again");
            return false;
        }
    }

    private static ModelEvaluation ModelOf(EvaluationReport report) => new()
    {
        Compute = report.Compute,
        SizeBytes = report.SizeBytes,
        Perplexity = report.Perplexity,
        Nll = report.Nll,
        KlMean = report.KlMean,
        Top1Agreement = report.Top1Agreement,
        TokensPerSecond = report.TokensPerSecond,
        Workers = report.Workers,
    };

    private static string? Local(string? typed) => typed is null || StoreLocation.IsConnection(typed) || typed.Split('/')[0].Contains(':', StringComparison.Ordinal) ? null : typed;

    private static string[] Option(string name, int? value) => value is int number ? [name, $"{number}"] : [];
}
