using System.CommandLine;
using MambaQuant.Client.Commands;
using MambaQuant.Client.Evaluation;
using MambaQuant.Client.Failures;
using MambaQuant.Client.Quantizing;
using MambaQuant.Pipeline.Local;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Recipes;

namespace MambaQuant.Client.Planning;

/// <summary>The options that say which job is meant: of the verbs that plan without working.</summary>
internal sealed class PlanningOptions
{
    // Of English text and the tokenizers of published models.
    private const int BytesPerToken = 4;

    /// <summary>The model's folder.</summary>
    public Argument<string?> Folder { get; } = new("MODEL")
    {
        Description = "Folder of a float Mamba model; not needed with --model.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    /// <summary>A published model.</summary>
    public Option<string?> Model { get; } = new("--model")
    {
        Description = $"A published model by its dimensions, without its weights, in place of MODEL: {string.Join(", ", PublishedModels.All.Select(model => model.Name))}.",
        HelpName = "NAME",
    };

    /// <summary>Name of a preset.</summary>
    public Option<string?> Preset { get; } = new("--preset")
    {
        Description = $"One of {string.Join(", ", RecipePresets.Names)}. [default: {RecipePresets.MambaQuant}]",
        HelpName = "NAME",
    };

    /// <summary>A recipe file.</summary>
    public Option<string?> RecipeFile { get; } = new("--recipe") { Description = "YAML file with a recipe, in place of a preset.", HelpName = "FILE" };

    /// <summary>The scheme.</summary>
    public Option<string?> Scheme { get; } = new("--scheme")
    {
        Description = $"Bits of weights and activations: {string.Join(", ", QuantizationSchemes.Names)}, or any WxAy. [default: {RecipePresets.DefaultScheme}]",
        HelpName = "WxAy",
    };

    /// <summary>Whether everything is quantized.</summary>
    public Option<bool> Strict { get; } = new("--strict") { Description = "Quantize also what the defaults treat with care." };

    /// <summary>What calibrates.</summary>
    public Option<string> Calibration { get; } = new("--calibration")
    {
        Description = "A text to calibrate on, or 'self': text that the model itself writes. The text is not read, and need not be there.",
        HelpName = "FILE|self",
        DefaultValueFactory = _ => CalibrationOptions.SelfSource,
    };

    /// <summary>Calibration sequences.</summary>
    public Option<int> Samples { get; } = OptionKinds.Number("--samples", "Calibration sequences.", 64, minimum: 2);

    /// <summary>Tokens of a calibration sequence.</summary>
    public Option<int> SequenceLength { get; } = OptionKinds.Number("--seq-len", "Tokens of a calibration sequence.", 512, minimum: 2);

    /// <summary>Blocks of layers.</summary>
    public Option<int?> Blocks { get; } = OptionKinds.Optional("--blocks", "Blocks of layers that a pass is cut into. [default: by cost]", minimum: 1);

    /// <summary>Shards of the sequences.</summary>
    public Option<int?> Shards { get; } = OptionKinds.Optional("--shards", "Shards of the sequences that a pass is cut into. [default: by cost]", minimum: 1);

    /// <summary>The text to evaluate on.</summary>
    public Option<string?> Evaluate { get; } = new("--evaluate")
    {
        Description = "A text to evaluate on. It is read to count its tokens; with --model, four bytes count as one.",
        HelpName = "FILE",
    };

    /// <summary>Tokens of an evaluation window.</summary>
    public Option<int> Window { get; } = SharedOptions.Window();

    /// <summary>Adds them to a verb, in the order of its help.</summary>
    /// <param name="verb">The verb.</param>
    public void AddTo(Command verb)
    {
        ArgumentNullException.ThrowIfNull(verb);
        verb.Arguments.Add(Folder);
        Option[] options = [Model, Preset, RecipeFile, Scheme, Strict, Calibration, Samples, SequenceLength, Blocks, Shards, Evaluate, Window];
        foreach (Option option in options)
        {
            verb.Options.Add(option);
        }
    }

    /// <summary>Whether a command line names a model.</summary>
    /// <param name="parse">Arguments that parsed without an error.</param>
    public bool NamesModel(ParseResult parse)
    {
        ArgumentNullException.ThrowIfNull(parse);
        return parse.GetValue(Folder) is not null || parse.GetValue(Model) is not null;
    }

    /// <summary>Plans what a command line asks for.</summary>
    /// <param name="parse">Arguments that parsed without an error.</param>
    /// <param name="profile">The numerics profile of the workers.</param>
    /// <exception cref="UsageException">Options exclude each other, or a value lies outside what this model allows.</exception>
    /// <exception cref="InvalidRecipeException">The recipe is not valid, or makes no sense for this model.</exception>
    public PlannedJob Plan(ParseResult parse, string profile)
    {
        ArgumentNullException.ThrowIfNull(parse);
        (ModelIdentity model, string note) = Identify(parse.GetValue(Folder), parse.GetValue(Model));
        Recipe recipe = RecipeOf(parse);
        RecipeValidator.ThrowIfInvalid(recipe);
        RecipeValidator.ThrowIfInvalid(recipe, MambaFamily.For(model.Config));
        string source = parse.GetRequiredValue(Calibration);
        bool isSelf = source == CalibrationOptions.SelfSource;
        var request = new PlanRequest
        {
            Recipe = recipe,
            Model = model,
            Calibration = new CalibrationIdentity
            {
                Source = isSelf ? CalibrationIdentity.SelfSource : Path.GetFileName(source),
                Text = isSelf ? null : Path.GetFileName(source),
                Samples = parse.GetRequiredValue(Samples),
                SequenceLength = parse.GetRequiredValue(SequenceLength),
            },
            Evaluation = EvaluationOf(parse),
            Profile = profile,
            Options = new PlanOptions { Blocks = parse.GetValue(Blocks), Shards = parse.GetValue(Shards) },
        };
        EnsureFits(request);
        return new PlannedJob(WorkPlanner.Plan(request), note);
    }

    private static (ModelIdentity Model, string Note) Identify(string? folder, string? name)
    {
        if (folder is null == name is null)
        {
            throw new UsageException(folder is null
                ? $"a model is missing: give its folder, or a published one with --model ({string.Join(", ", PublishedModels.All.Select(model => model.Name))})"
                : "a folder and --model exclude each other; give one of them");
        }

        if (folder is not null)
        {
            using MambaCheckpoint checkpoint = MambaCheckpoint.Open(folder);
            string title = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
            return (ModelIdentity.OfShape(title, checkpoint.Config) with { TensorBytes = checkpoint.TensorBytes }, "");
        }

        PublishedModel published = PublishedModels.Find(name!)
            ?? throw new UsageException($"--model: there is no published model '{name}'; use {string.Join(", ", PublishedModels.All.Select(model => model.Name))}, or give the folder of a model");
        return (ModelIdentity.OfShape(published.Name, published.Config), published.Note);
    }

    /// <summary>What is evaluated on: of the text nothing but its tokens counts.</summary>
    private EvaluationIdentity? EvaluationOf(ParseResult parse)
    {
        if (parse.GetValue(Evaluate) is not { } path)
        {
            return null;
        }

        string name = Path.GetFileName(path);
        int window = parse.GetRequiredValue(Window);
        return new EvaluationIdentity
        {
            Source = name,
            Text = name,
            Tokenizer = name,
            Tokens = parse.GetValue(Folder) is { } folder ? EvaluationText.Read(path, folder, window).Tokens : Math.Max(2, new FileInfo(path).Length / BytesPerToken),
            WindowLength = window,
        };
    }

    private Recipe RecipeOf(ParseResult parse)
    {
        string? preset = parse.GetValue(Preset);
        if (preset is not null && !RecipePresets.Names.Contains(preset))
        {
            throw new UsageException($"--preset: there is no preset '{preset}'; use {string.Join(", ", RecipePresets.Names)}");
        }

        string? scheme = parse.GetValue(Scheme);
        if (scheme is not null && !QuantizationSchemes.TryParse(scheme, strict: false, ranges: null, out _, out string? problem))
        {
            throw new UsageException($"--scheme: {problem}");
        }

        return RecipeChoice.Resolve(preset is null ? [] : [preset], parse.GetValue(RecipeFile), scheme, parse.GetValue(Strict))[0];
    }

    private static void EnsureFits(PlanRequest request)
    {
        Require(request.Options.Blocks, request.Model.Config.LayerCount, "--blocks", "layers");
        Require(request.Options.Shards, request.Calibration.Samples, "--shards", "sequences");
        int longest = new CalibrationOptions { Samples = request.Calibration.Samples }.LongestSequence(request.Model.Config, request.Recipe);
        if (request.Calibration.SequenceLength > longest)
        {
            throw new UsageException(
                $"--seq-len {request.Calibration.SequenceLength} is more than this program can hold of a model of width {request.Model.Config.DModel}: expected at most {longest}; calibrate on more --samples of fewer tokens");
        }

        static void Require(int? value, int most, string option, string unit)
        {
            if (value > most)
            {
                throw new UsageException($"{option} {value} is more than there are {unit}: expected at most {most}");
            }
        }
    }
}
