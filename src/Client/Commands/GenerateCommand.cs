using System.CommandLine;
using MambaQuant.Client.Failures;
using MambaQuant.Client.Generation;
using MambaQuant.Client.Output;
using MambaQuant.Quant.Inference;
using MambaQuant.Quant.Kernels.Cpu;

namespace MambaQuant.Client.Commands;

/// <summary><c>generate</c>: continues a text.</summary>
internal sealed class GenerateCommand : VerbCommand
{
    /// <summary>The model.</summary>
    public static readonly Argument<string> Model = new("DIR") { Description = "Folder of a quantized or a float model." };

    /// <summary>What to continue.</summary>
    public static readonly Option<string> Prompt = new("--prompt")
    {
        Description = "The text to continue; empty to begin one.",
        HelpName = "TEXT",
        Required = true,
    };

    /// <summary>Tokens to make at most.</summary>
    public static readonly Option<int> MaxTokens = OptionKinds.Number("--max-tokens", "Tokens to make at most.", 128, minimum: 0);

    /// <summary>Divides the logits.</summary>
    public static readonly Option<double> Temperature = OptionKinds.Number(
        "--temperature", "Above 1 more surprising, below 1 less; 0 always takes the most likely token.", 1.0, minimum: 0, maximum: 100);

    /// <summary>How many of the most likely tokens may be chosen.</summary>
    public static readonly Option<int> TopK = OptionKinds.Number("--top-k", "Choose among so many of the most likely tokens; 0 for all.", 0, minimum: 0);

    /// <summary>The share of probability to choose from.</summary>
    public static readonly Option<double> TopP = OptionKinds.Number(
        "--top-p", "Choose among the most likely tokens that together have this probability.", 1.0, minimum: 0.000001, maximum: 1);

    /// <summary>Seed of the choices.</summary>
    public static readonly Option<ulong> Seed = SharedOptions.Seed();

    /// <summary>Threads.</summary>
    public static readonly Option<int> Workers = SharedOptions.Workers();

    /// <summary>What stdout carries.</summary>
    public static readonly Option<OutputFormat> Format = SharedOptions.Format();

    /// <summary>Makes the verb.</summary>
    public GenerateCommand()
        : base("generate", "Continues a text, token by token.")
    {
        Arguments.Add(Model);
        Options.Add(Prompt);
        Options.Add(MaxTokens);
        Options.Add(Temperature);
        Options.Add(TopK);
        Options.Add(TopP);
        Options.Add(Seed);
        Options.Add(Workers);
        Options.Add(Format);
    }

    /// <inheritdoc/>
    public override int Run(ParseResult parse, CommandContext context)
    {
        string folder = parse.GetRequiredValue(Model);
        string prompt = parse.GetRequiredValue(Prompt);
        ModelTokenizer tokenizer = ModelTokenizer.Load(folder);
        int[] ids = tokenizer.Encode(prompt);
        if (ids.Length == 0 && !tokenizer.CanBeginText)
        {
            throw new UsageException("--prompt must not be empty: config.json names no token that begins a text");
        }

        using CpuKernels kernels = new(new CpuKernelsOptions { Threads = parse.GetRequiredValue(Workers) });
        using LoadedModel model = LanguageModels.Open(kernels, folder);
        bool isJson = parse.GetValue(Format) == OutputFormat.Json;
        TokenStream stream = new(tokenizer.Tokenizer, isJson ? TextWriter.Null : context.Output);
        stream.Begin(prompt);
        long started = context.Time.GetTimestamp();
        IReadOnlyList<int> tokens;
        try
        {
            tokens = TextGenerator.Generate(kernels, model.Model, ids, OptionsOf(parse), stream.Append, context.Cancellation);
        }
        finally
        {
            stream.End();
        }

        TimeSpan elapsed = context.Time.GetElapsedTime(started);
        if (isJson)
        {
            JsonOutput.Write(context.Output, new GenerationReport(prompt, stream.Text, tokens, model.ComputeName), ClientJson.Default.GenerationReport);
        }

        context.Error.WriteLine($"{tokens.Count} tokens in {elapsed.TotalSeconds:0.0} s ({tokens.Count / Math.Max(elapsed.TotalSeconds, 1e-9):0.0} tokens/s, compute: {model.ComputeName})");
        return ExitCodes.Success;
    }

    private static GenerationOptions OptionsOf(ParseResult parse) => new()
    {
        MaxTokens = parse.GetRequiredValue(MaxTokens),
        Seed = parse.GetRequiredValue(Seed),
        Sampling = new SamplingOptions
        {
            Temperature = parse.GetRequiredValue(Temperature),
            TopK = parse.GetRequiredValue(TopK),
            TopP = parse.GetRequiredValue(TopP),
        },
    };
}
