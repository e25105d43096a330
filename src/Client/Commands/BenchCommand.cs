using System.CommandLine;
using MambaQuant.Client.Benchmarking;
using MambaQuant.Client.Output;
using MambaQuant.Pipeline.Local;
using MambaQuant.Pipeline.Simulation;
using MambaQuant.Quant.Inference;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Models;

namespace MambaQuant.Client.Commands;

/// <summary><c>bench</c>: how fast does a model, float or quantized, run here, and what binds it?</summary>
internal sealed class BenchCommand : VerbCommand
{
    /// <summary>The model.</summary>
    public static readonly Argument<string> Model = new("DIR") { Description = "Folder of a quantized or a float model." };

    /// <summary>Tokens of the prompt.</summary>
    public static readonly Option<int> Prompt = OptionKinds.Number("--prompt-tokens", "Tokens that are read at once.", 512, minimum: 1);

    /// <summary>Tokens that are decoded.</summary>
    public static readonly Option<int> Tokens = OptionKinds.Number("--tokens", "Tokens that are made one after the other, of each sequence.", 64, minimum: 1);

    /// <summary>Sequences.</summary>
    public static readonly Option<int> Batch = OptionKinds.Number("--batch", "Sequences that are decoded at once.", 1, minimum: 1);

    /// <summary>How often each is measured.</summary>
    public static readonly Option<int> Runs = OptionKinds.Number("--runs", "How often each is measured; the median is told, with the least and the most.", 5, minimum: 1);

    /// <summary>Threads.</summary>
    public static readonly Option<int> Workers = SharedOptions.Workers();

    /// <summary>What stdout carries.</summary>
    public static readonly Option<OutputFormat> Format = SharedOptions.Format();

    /// <summary>Makes the verb.</summary>
    public BenchCommand()
        : base("bench", "Measures how fast a model reads and makes tokens here, beside what the machine can do.")
    {
        Arguments.Add(Model);
        Options.Add(Prompt);
        Options.Add(Tokens);
        Options.Add(Batch);
        Options.Add(Runs);
        Options.Add(Workers);
        Options.Add(Format);
    }

    /// <inheritdoc/>
    public override int Run(ParseResult parse, CommandContext context)
    {
        string folder = parse.GetRequiredValue(Model);
        (int prompt, int batch, int runs, int threads) = (parse.GetRequiredValue(Prompt), parse.GetRequiredValue(Batch), parse.GetRequiredValue(Runs), parse.GetRequiredValue(Workers));
        using CpuKernels kernels = new(new CpuKernelsOptions { Threads = threads });
        using LoadedModel model = LanguageModels.Open(kernels, folder);
        MambaConfig config = model.Model.Config;
        var rates = new ModelRates(kernels, model.Model, context.Time, context.Cancellation);
        Median prefill = rates.Prefill(prompt, runs), decode = rates.Decode(batch, parse.GetRequiredValue(Tokens), runs);
        var machine = new MachineMeasurement(kernels, context.Time);
        long memory = PeakMemory.ResidentBytes(); // before the machine is measured, which takes memory of its own
        BenchReport report = new()
        {
            Model = folder,
            Compute = model.ComputeName,
            Profile = kernels.Profile,
            Threads = threads,
            SizeBytes = model.TensorBytes,
            PeakMemoryBytes = memory,
            PrefillTokens = prompt,
            Prefill = prefill,
            MultiplyAddsPerToken = ModelRates.MultiplyAdds(config),
            Batch = batch,
            Decode = decode,
            BytesPerToken = ((double)model.StepBytes / batch) + ModelRates.StateBytes(config),
            CopyBytesPerSecond = machine.MeasureMemory(context.Cancellation),
            FloatOperationsPerSecond = machine.MeasureGemm(context.Cancellation),
            CodeOperationsPerSecond = machine.MeasureCodes(context.Cancellation),
        };
        if (parse.GetValue(Format) == OutputFormat.Json)
        {
            JsonOutput.Write(context.Output, report, ClientJson.Default.BenchReport);
        }
        else
        {
            report.Write(context.Output);
        }

        return ExitCodes.Success;
    }
}
