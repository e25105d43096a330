using System.CommandLine;
using System.CommandLine.Parsing;
using MambaQuant.Client.Evaluation;
using MambaQuant.Client.Output;
using MambaQuant.Client.Quantizing;
using MambaQuant.Client.Submitting;
using MambaQuant.Dashboard.Hosting;
using MambaQuant.Pipeline.Local;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Recipes;

namespace MambaQuant.Client.Commands;

/// <summary><c>quantize</c>: from a float model to one quantized checkpoint per preset.</summary>
internal sealed class QuantizeCommand : VerbCommand
{
    /// <summary>The float model.</summary>
    public static readonly Argument<string> Model = new("MODEL") { Description = "Folder of a float Mamba model: config.json, *.safetensors, tokenizer.json." };

    /// <summary>The folder to write.</summary>
    public static readonly Option<string> Out = new("--out")
    {
        Description = "Folder to write, new or empty; with several presets it holds one folder each.",
        HelpName = "DIR",
        Required = true,
    };

    /// <summary>Names of presets.</summary>
    public static readonly Option<string[]> Preset = new("--preset")
    {
        Description = $"One or more of {string.Join(", ", RecipePresets.Names)}, with commas between. [default: {RecipePresets.MambaQuant}]",
        HelpName = "NAME[,NAME...]",
        CustomParser = ParsePresets,
    };

    /// <summary>A recipe file.</summary>
    public static readonly Option<string?> RecipeFile = new("--recipe") { Description = "YAML file with a recipe, in place of a preset.", HelpName = "FILE" };

    /// <summary>The scheme.</summary>
    public static readonly Option<string?> Scheme = new("--scheme")
    {
        Description = $"Bits of weights and activations: {string.Join(", ", QuantizationSchemes.Names)}, or any WxAy. [default: {RecipePresets.DefaultScheme}]",
        HelpName = "WxAy",
        CustomParser = ParseScheme,
    };

    /// <summary>Whether everything is quantized.</summary>
    public static readonly Option<bool> Strict = new("--strict")
    {
        Description = "Quantize also what the defaults treat with care (conv1d, x_proj, dt_proj, embeddings, head), as the paper does.",
    };

    /// <summary>The text that calibrates.</summary>
    public static readonly Option<string> Calibration = new("--calibration")
    {
        Description = "UTF-8 text or JSON lines to calibrate on, or 'self': text that the model itself writes.",
        HelpName = "FILE|self",
        DefaultValueFactory = _ => CalibrationOptions.SelfSource,
    };

    /// <summary>Calibration sequences.</summary>
    public static readonly Option<int> Samples = OptionKinds.Number("--samples", "Calibration sequences.", 64, minimum: 2);

    /// <summary>Tokens of a calibration sequence.</summary>
    public static readonly Option<int> SequenceLength = OptionKinds.Number("--seq-len", "Tokens of a calibration sequence.", 512, minimum: 2);

    /// <summary>The seed.</summary>
    public static readonly Option<ulong> Seed = SharedOptions.Seed();

    /// <summary>Workers.</summary>
    public static readonly Option<int?> Workers = OptionKinds.Optional(
        "--workers", "Workers that run at once and divide the processors among them; the result does not depend on it. [default: by processors and memory]", minimum: 1);

    /// <summary>The store.</summary>
    public static readonly Option<string?> Store = new("--store")
    {
        Description = "Store for everything between the stages, kept for other runs: a folder, the address of a blob container, or env:NAME. Without one it lies beside DIR and goes after success. [default: DIR.work]",
        HelpName = "DIR|URI",
    };

    /// <summary>What to do about an interrupted run.</summary>
    public static readonly Option<ResumeMode> Resume = OptionKinds.Choice(
        "--resume",
        "Whether an interrupted run of the same command is continued: where there is one, in any case, or never, so that what it left beside DIR is removed.",
        ("auto", ResumeMode.Auto),
        ("required", ResumeMode.Required),
        ("never", ResumeMode.Never));

    /// <summary>What drives the jobs.</summary>
    public static readonly Option<EngineKind> Engine = OptionKinds.Choice(
        "--engine",
        "What runs the work on this machine: the engine of this program, or a silo as in a cluster; both make the same files.",
        ("local", EngineKind.Local),
        ("orleans", EngineKind.Orleans));

    /// <summary>Blocks of layers.</summary>
    public static readonly Option<int?> Blocks = OptionKinds.Optional("--blocks", "Blocks of layers that a pass is cut into. [default: by cost]", minimum: 1);

    /// <summary>Shards of the calibration.</summary>
    public static readonly Option<int?> Shards = OptionKinds.Optional("--shards", "Shards of the sequences that a pass is cut into. [default: by cost]", minimum: 1);

    /// <summary>The text to evaluate on.</summary>
    public static readonly Option<string?> Evaluate = new("--evaluate")
    {
        Description = "Text to evaluate on afterwards: prints the float model and every checkpoint in one table.",
        HelpName = "FILE",
    };

    /// <summary>Tokens of an evaluation window.</summary>
    public static readonly Option<int> Window = SharedOptions.Window();

    /// <summary>Whether a live page is served, and where.</summary>
    public static readonly Option<string?> Dashboard = new("--dashboard")
    {
        Description = "Serve a live page of the run while it lasts: at a free port of this machine, or at the one named. With an ADDRESS that others reach it needs a --dashboard-token.",
        HelpName = "[ADDRESS:]PORT",
        Arity = ArgumentArity.ZeroOrOne,
    };

    /// <summary>What visitors of the live page have to know.</summary>
    public static readonly Option<string?> DashboardToken = new("--dashboard-token")
    {
        Description = "What visitors of the live page have to know, at least 16 characters, or env:NAME for a variable that holds it; sent once as ?token=... [default: none, on this machine only]",
        HelpName = "TOKEN|env:NAME",
    };

    /// <summary>What stdout carries.</summary>
    public static readonly Option<OutputFormat> Format = SharedOptions.Format();

    /// <summary>Makes the verb.</summary>
    public QuantizeCommand()
        : base("quantize", "Quantizes a model and writes a checkpoint that runs.")
    {
        Arguments.Add(Model);
        Option[] options = [Out, Preset, RecipeFile, Scheme, Strict, Calibration, Samples, SequenceLength, Seed, Workers, Store, Resume, Engine, Blocks, Shards, Evaluate, Window, Dashboard, DashboardToken, Format];
        foreach (Option option in options)
        {
            Options.Add(option);
        }
    }

    /// <summary>What a command line asks for.</summary>
    /// <param name="parse">Arguments that parsed without an error.</param>
    /// <exception cref="Failures.UsageException">Options exclude each other.</exception>
    /// <exception cref="InvalidRecipeException">The recipe file is not valid.</exception>
    public static QuantizeRequest RequestOf(ParseResult parse) => new()
    {
        ModelPath = parse.GetRequiredValue(Model),
        OutputPath = parse.GetRequiredValue(Out),
        Recipes = RecipeChoice.Resolve(parse.GetValue(Preset) ?? [], parse.GetValue(RecipeFile), parse.GetValue(Scheme), parse.GetValue(Strict)),
        Calibration = new CalibrationOptions
        {
            Source = parse.GetRequiredValue(Calibration),
            Samples = parse.GetRequiredValue(Samples),
            SequenceLength = parse.GetRequiredValue(SequenceLength),
            Seed = parse.GetRequiredValue(Seed),
        },
        EvaluationPath = parse.GetValue(Evaluate),
        WindowLength = parse.GetRequiredValue(Window),
        Workers = parse.GetValue(Workers),
        Store = parse.GetValue(Store),
        Resume = parse.GetValue(Resume),
        Engine = parse.GetValue(Engine),
        Plan = new PlanOptions { Blocks = parse.GetValue(Blocks), Shards = parse.GetValue(Shards) },
    };

    /// <inheritdoc/>
    public override bool IsMeasured => true;

    /// <inheritdoc/>
    public override int Run(ParseResult parse, CommandContext context)
    {
        QuantizeRequest request = RequestOf(parse);
        using CpuBackends backends = new(Environment.ProcessorCount);
        using IJobDriver? driver = request.Engine == EngineKind.Orleans ? ClusterVerbs.OpenDriver(backends, context) : null;
        if (request.Engine == EngineKind.Orleans && driver is null)
        {
            return MissingCluster.Report("quantize --engine orleans", context);
        }

        DashboardOptions? dashboard = DashboardChoice.Resolve(parse.GetResult(Dashboard) is not null, parse.GetValue(Dashboard), parse.GetValue(DashboardToken), context.Environment);
        EvaluationText? text = QuantizeChecks.Run(request);
        QuantizeRun run = new(request, text, backends, driver, context);
        using RunDashboard? page = dashboard is null ? null : RunDashboard.Start(dashboard, run.Watch, request, context);
        QuantizeReport report = run.Run();
        if (parse.GetValue(Format) == OutputFormat.Json)
        {
            JsonOutput.Write(context.Output, report, ClientJson.Default.QuantizeReport);
        }
        else
        {
            report.Write(context.Output);
        }

        return ExitCodes.Success;
    }

    private static string[]? ParsePresets(ArgumentResult result)
    {
        string[] names = [.. result.Tokens.SelectMany(token => token.Value.Split(',')).Select(name => name.Trim())];
        foreach (string name in names.Where(name => !RecipePresets.Names.Contains(name)))
        {
            result.AddError($"--preset: there is no preset '{name}'; use {string.Join(", ", RecipePresets.Names)}");
        }

        if (names.GroupBy(name => name).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            result.AddError($"--preset names '{twice.Key}' more than once");
        }

        return names;
    }

    private static string? ParseScheme(ArgumentResult result)
    {
        string name = result.Tokens[0].Value;
        if (!QuantizationSchemes.TryParse(name, strict: false, ranges: null, out _, out string? problem))
        {
            result.AddError($"--scheme: {problem}");
        }

        return name;
    }
}
