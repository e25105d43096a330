using System.CommandLine;
using MambaQuant.Client.Evaluation;
using MambaQuant.Client.Failures;
using MambaQuant.Client.Output;
using MambaQuant.Client.Progress;
using MambaQuant.Client.Quantizing;
using MambaQuant.Dashboard.Reports;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Inference;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Kernels.Cpu;

namespace MambaQuant.Client.Commands;

/// <summary><c>evaluate</c>: how well does a model, float or quantized, predict a text?</summary>
internal sealed class EvaluateCommand : VerbCommand
{
    /// <summary>The model.</summary>
    public static readonly Argument<string> Model = new("DIR") { Description = "Folder of a quantized or a float model." };

    /// <summary>The text.</summary>
    public static readonly Option<string> Text = new("--text")
    {
        Description = "UTF-8 text, or JSON lines with a field 'text' (name ending in .jsonl).",
        HelpName = "FILE",
        Required = true,
    };

    /// <summary>Tokens of a window.</summary>
    public static readonly Option<int> Window = SharedOptions.Window();

    /// <summary>The model to compare with.</summary>
    public static readonly Option<string?> Reference = new("--reference")
    {
        Description = "Model to compare with, usually the float one: adds KL divergence and top-1 agreement.",
        HelpName = "MODEL",
    };

    /// <summary>How products of codes are computed.</summary>
    public static readonly Option<QuantizedArithmetic> Compute = OptionKinds.Choice(
        "--compute",
        "Arithmetic of a quantized model: integer products, or the same in 64-bit floating point.",
        ("integer", QuantizedArithmetic.Integer),
        ("simulated", QuantizedArithmetic.Simulated));

    /// <summary>Threads.</summary>
    public static readonly Option<int> Workers = SharedOptions.Workers();

    /// <summary>Whether the figures are put beside the checkpoint.</summary>
    public static readonly Option<bool> Save = new("--save")
    {
        Description = "Put the figures beside the checkpoint, into evaluation.json and report.html; evaluates the reference too.",
    };

    /// <summary>What stdout carries.</summary>
    public static readonly Option<OutputFormat> Format = SharedOptions.Format();

    /// <summary>Makes the verb.</summary>
    public EvaluateCommand()
        : base("evaluate", "Measures the perplexity of a model on a text.")
    {
        Arguments.Add(Model);
        Options.Add(Text);
        Options.Add(Window);
        Options.Add(Reference);
        Options.Add(Compute);
        Options.Add(Workers);
        Options.Add(Save);
        Options.Add(Format);
    }

    /// <inheritdoc/>
    public override bool IsMeasured => true;

    /// <inheritdoc/>
    public override int Run(ParseResult parse, CommandContext context)
    {
        string folder = parse.GetRequiredValue(Model);
        string? referenceFolder = parse.GetValue(Reference);
        bool saves = parse.GetValue(Save);
        if (saves && !File.Exists(Path.Combine(folder, CheckpointReportReader.FileName)))
        {
            throw new UsageException($"--save puts figures beside a quantized checkpoint: expected a folder with {CheckpointReportReader.FileName}, found '{folder}' without it");
        }

        EvaluationText text = EvaluationText.Read(parse.GetRequiredValue(Text), folder, parse.GetRequiredValue(Window));

        using CpuKernels kernels = new(new CpuKernelsOptions { Threads = parse.GetRequiredValue(Workers) });
        using LoadedModel model = LanguageModels.Open(kernels, folder, parse.GetValue(Compute));
        using LoadedModel? reference = referenceFolder is null ? null : LanguageModels.Open(kernels, referenceFolder);
        if (reference is not null && reference.Model.Config.VocabularySize != model.Model.Config.VocabularySize)
        {
            throw new UsageException(
                $"--reference {referenceFolder} has a vocabulary of {reference.Model.Config.VocabularySize}, {folder} one of {model.Model.Config.VocabularySize}; name the float model that {folder} was made from");
        }

        TextEvaluation evaluation = new(kernels, text, context);
        EvaluationReport report = ProgressDisplays.For(context).Run(
            $"evaluating {folder}", progress => evaluation.Run(folder, model, referenceFolder, reference, "evaluate", progress));
        if (saves)
        {
            // Another quantized model may be a reference, but its figures are not the float model's.
            bool isFloat = reference?.ComputeName == LoadedModel.NameOf(ComputeKind.Float);
            EvaluationReport? floating = !isFloat ? null : ProgressDisplays.For(context).Run(
                $"evaluating {referenceFolder}", progress => evaluation.Run(referenceFolder!, reference!, referenceName: null, reference: null, "evaluate reference", progress));
            CheckpointPages.EvaluationOf(report, floating).Write(folder);
            ReportPage.Write(folder, new ReportFacts { Model = isFloat ? referenceFolder : null, EvaluationText = parse.GetRequiredValue(Text) });
            CheckpointPages.Refresh(folder, context.Error);
            context.Error.WriteLine($"report: {Path.Combine(folder, ReportPage.FileName)}");
        }

        if (parse.GetValue(Format) == OutputFormat.Json)
        {
            JsonOutput.Write(context.Output, report, ClientJson.Default.EvaluationReport);
        }
        else
        {
            report.Write(context.Output);
        }

        return ExitCodes.Success;
    }
}
