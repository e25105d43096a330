using System.CommandLine;
using MambaQuant.Client.Failures;
using MambaQuant.Client.Quantizing;
using MambaQuant.Client.Submitting;
using MambaQuant.Pipeline.Local;
using MambaQuant.Pipeline.Planning;

namespace MambaQuant.Client.Commands;

/// <summary><c>submit</c>: gives a cluster the work of <c>quantize</c>.</summary>
internal sealed class SubmitCommand : VerbCommand
{
    private static readonly Argument<string> Model = new("MODEL")
    {
        Description = "Folder of a float Mamba model, here or in blobs (an https address, a connection string, env:NAME), which is brought into the store once; or mounted:PATH, a folder that this machine and every silo have; or store:JOB, the model of an earlier job.",
    };

    private static readonly Option<string> Calibration = new("--calibration")
    {
        Description = "UTF-8 text or JSON lines to calibrate on, also in blobs as MODEL, as mounted:PATH or store:JOB, or 'self': text that the model itself writes.",
        HelpName = "FILE|self",
        DefaultValueFactory = _ => CalibrationOptions.SelfSource,
    };

    private static readonly Option<string?> Evaluate = new("--evaluate")
    {
        Description = "Text to evaluate on afterwards, also in blobs as MODEL, as mounted:PATH or store:JOB.",
        HelpName = "FILE",
    };

    private static readonly Option<string?> Out = new("--out")
    {
        Description = "With --wait: folder to download the checkpoint to, new or empty; with several presets it holds one folder each.",
        HelpName = "DIR",
    };

    private static readonly Option<bool> Wait = new("--wait") { Description = "Wait for the end, show how far it is, and exit with the job's code." };

    private static readonly Option<string?> Profile = new("--profile")
    {
        Description = "Numerics profile of the slots that are to work, for a job that is submitted before they are there. [default: that of most slots]",
        HelpName = "NAME",
    };

    private static readonly Option<OutputFormat> Format = SharedOptions.Format();

    private static readonly ClusterOptions Cluster = new();

    /// <summary>Makes the verb.</summary>
    public SubmitCommand()
        : base("submit", "Submits a model to a cluster, which quantizes it.")
    {
        Arguments.Add(Model);
        Option[] options =
        [
            Out, Wait, QuantizeCommand.Preset, QuantizeCommand.RecipeFile, QuantizeCommand.Scheme, QuantizeCommand.Strict, Calibration, QuantizeCommand.Samples, QuantizeCommand.SequenceLength,
            QuantizeCommand.Seed, QuantizeCommand.Blocks, QuantizeCommand.Shards, Evaluate, QuantizeCommand.Window, Profile,
        ];
        foreach (Option option in options)
        {
            Options.Add(option);
        }

        Cluster.AddTo(this);
        Options.Add(Format);
    }

    /// <summary>What a command line asks for.</summary>
    /// <param name="parse">Arguments that parsed without an error.</param>
    /// <param name="settings">The cluster.</param>
    /// <exception cref="UsageException">Options exclude each other.</exception>
    /// <exception cref="MambaQuant.Quant.Recipes.InvalidRecipeException">The recipe file is not valid.</exception>
    public static SubmissionRequest RequestOf(ParseResult parse, ClusterSettings settings)
    {
        if (parse.GetValue(Out) is not null && !parse.GetValue(Wait))
        {
            throw new UsageException("--out downloads the checkpoint when the job is done: give --wait with it, or fetch it later with 'mambaquant watch JOB --out DIR'");
        }

        return new SubmissionRequest
        {
            Work = new QuantizeRequest
            {
                ModelPath = parse.GetRequiredValue(Model),
                OutputPath = parse.GetValue(Out) ?? string.Empty,
                Recipes = RecipeChoice.Resolve(
                    parse.GetValue(QuantizeCommand.Preset) ?? [], parse.GetValue(QuantizeCommand.RecipeFile), parse.GetValue(QuantizeCommand.Scheme), parse.GetValue(QuantizeCommand.Strict)),
                Calibration = new CalibrationOptions
                {
                    Source = parse.GetRequiredValue(Calibration),
                    Samples = parse.GetRequiredValue(QuantizeCommand.Samples),
                    SequenceLength = parse.GetRequiredValue(QuantizeCommand.SequenceLength),
                    Seed = parse.GetRequiredValue(QuantizeCommand.Seed),
                },
                EvaluationPath = parse.GetValue(Evaluate),
                WindowLength = parse.GetRequiredValue(QuantizeCommand.Window),
                Store = settings.RequireStore(),
                Resume = ResumeMode.Never,
                Plan = new PlanOptions { Blocks = parse.GetValue(QuantizeCommand.Blocks), Shards = parse.GetValue(QuantizeCommand.Shards) },
            },
            Profile = parse.GetValue(Profile),
            Waits = parse.GetValue(Wait),
        };
    }

    /// <inheritdoc/>
    public override bool IsMeasured => true;

    /// <inheritdoc/>
    public override int Run(ParseResult parse, CommandContext context)
    {
        ClusterSettings settings = Cluster.Read(parse, context);
        return ClusterVerbs.Submit(RequestOf(parse, settings), settings, parse.GetValue(Format), context);
    }
}
