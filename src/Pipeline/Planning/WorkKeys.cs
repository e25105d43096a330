using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Quant.Datasets;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Recipes;

namespace MambaQuant.Pipeline.Planning;

/// <summary>Content keys of items: everything that an item of a kind reads, and nothing that it does not.</summary>
/// <param name="request">The request.</param>
/// <param name="needs">What the recipe needs.</param>
/// <param name="grid">The grid.</param>
/// <param name="evaluation">How the evaluation is cut, or null.</param>
internal sealed class WorkKeys(PlanRequest request, RecipeNeeds needs, WorkGrid grid, EvaluationGrid? evaluation)
{
    private readonly ModelFamily _family = MambaFamily.For(request.Model.Config);

    private Recipe Recipe => request.Recipe;

    /// <summary>The key of an item.</summary>
    /// <param name="item">The item; its key and cost are not read.</param>
    /// <param name="inputs">Keys of what it needs, in order.</param>
    public ArtifactKey Of(WorkItem item, IEnumerable<ArtifactKey> inputs)
    {
        KeyText text = new KeyText()
            .Add($"{item.Kind} {request.Versions.Of(item.Kind)}")
            .Add($"layers {item.First} {item.Count}");
        if (item.Kind is WorkKind.EvaluateFloat or WorkKind.Evaluate)
        {
            (int first, int count) = evaluation!.Shard(item.Shard);
            text.Add($"windows {first} {count} of {evaluation.WindowLength}");
        }
        else if (item.Shard >= 0)
        {
            (int first, int count) = grid.Shard(item.Shard);
            text.Add($"sequences {first} {count} of {request.Calibration.SequenceLength}");
        }

        // Reading a text computes no number; everything else depends on how numbers are computed.
        if (item.Kind != WorkKind.TokenizeEvaluation && (item.Kind != WorkKind.Tokenize || request.Calibration.IsSelf))
        {
            text.Add($"profile {request.Profile}");
        }

        Read(text, item);
        return text.Add(inputs.Select(input => $"input {input}")).ToKey();
    }

    private void Read(KeyText text, WorkItem item)
    {
        switch (item.Kind)
        {
            case WorkKind.Tokenize:
                ReadCalibration(text);
                break;
            case WorkKind.ObserveOriginal:
                Weights(text, item, withEnds: true)
                    .Add(needs.Original is { } original ? RecipeText.Observations(original) : ["observes nothing"])
                    .Add($"samples {grid.CountOfFirst(item.Shard, needs.Searches ? request.Calibration.SearchSamples : 0)}");
                break;
            case WorkKind.ObserveRanges:
                Weights(text, item, withEnds: true).Add(RecipeText.Observations(needs.Ranges!));
                break;
            case WorkKind.ObserveMoments:
                Weights(text, item, withEnds: true).Add(RecipeText.Observations(needs.Moments!));
                break;
            case WorkKind.ObserveRotated:
                Weights(text, item, withEnds: true).Add(RecipeText.Rotation(Recipe, RotationSite.ResidualStream));
                break;
            case WorkKind.ObserveTransformed:
                Weights(text, item, withEnds: true).Add(RecipeText.Rotation(Recipe, RotationSite.ResidualStream)).Add(RecipeText.Observations(needs.Transformed!));
                break;
            case WorkKind.ResidualRotation:
                text.Add(RecipeText.Rotation(Recipe, RotationSite.ResidualStream));
                break;
            case WorkKind.SearchSmoothing:
                Weights(text, item, withEnds: false)
                    .Add(RecipeText.Rotation(Recipe, RotationSite.ResidualStream))
                    .Add(RecipeText.LayerRotations(Recipe, _family))
                    .Add(RecipeText.Smoothings(Recipe, _family))
                    .Add($"samples {Math.Min(request.Calibration.SearchSamples, request.Calibration.Samples)}")
                    .Add(RecipeText.LayerScheme(Recipe.Quantization!.Scheme, _family, withWeightRanges: false));
                break;
            case WorkKind.Transform:
                ReadTransform(text, item);
                break;
            case WorkKind.Quantize:
                ReadQuantize(text, item);
                break;
            case WorkKind.Assemble:
                ReadAssemble(text);
                break;
            case WorkKind.TokenizeEvaluation:
                ReadEvaluation(text, request.Evaluation!);
                break;
            case WorkKind.EvaluateFloat:
                text.Add(RecipeText.Dimensions(request.Model.Config)).Add(request.Model.HashesOf(AllTensors()));
                break;
            case WorkKind.Evaluate:
                // Weights, scheme and rotations stand in the keys of the parts, the float head in that of the float model's scores.
                text.Add(RecipeText.Dimensions(request.Model.Config));
                break;
            default:
                break;
        }
    }

    private void ReadCalibration(KeyText text)
    {
        CalibrationIdentity calibration = request.Calibration;
        text.Add(calibration switch
        {
            { Tokens: { } tokens } => $"ids {tokens} {calibration.Samples} of {calibration.SequenceLength}",
            { Text: { } source } => $"text {source} read as {TextFile.FormatOf(calibration.Source)} tokenizer {calibration.Tokenizer} sample {calibration.Samples} of {calibration.SequenceLength} seed {calibration.Seed}",
            _ => $"self seed {calibration.Seed} begins {request.Model.Config.EndOfTextToken} {request.Model.Config.BeginOfTextToken}",
        });
        if (calibration.IsSelf)
        {
            text.Add(RecipeText.Dimensions(request.Model.Config)).Add(request.Model.HashesOf(AllTensors()));
        }
    }

    /// <summary>The text and how it is cut, also into shards: each of those is a file.</summary>
    private void ReadEvaluation(KeyText text, EvaluationIdentity read) => text.Add(
        $"text {read.Text} read as {TextFile.FormatOf(read.Source)} tokenizer {read.Tokenizer} windows of {read.WindowLength} shards {evaluation!.Shards}");

    private void ReadTransform(KeyText text, WorkItem item)
    {
        text.Add(RecipeText.LayerRotations(Recipe, _family)).Add($"gate {Recipe.SmoothingAt(SmoothingSite.GateToOutProj) is not null}");
        if (needs is { Smooths: true, Searches: false })
        {
            Weights(text, item, withEnds: false).Add(RecipeText.Rotation(Recipe, RotationSite.ResidualStream)).Add(RecipeText.Smoothings(Recipe, _family));
        }
        else
        {
            text.Add(RecipeText.Dimensions(request.Model.Config));
        }
    }

    private void ReadQuantize(KeyText text, WorkItem item)
    {
        bool isEnd = item.First == grid.Layers;
        text.Add(RecipeText.Rotation(Recipe, RotationSite.ResidualStream)).Add(RecipeText.Gptq(Recipe));
        if (isEnd)
        {
            text.Add(RecipeText.Dimensions(request.Model.Config)).Add(request.Model.HashesOf([MambaTensors.Embeddings, MambaTensors.FinalNorm, MambaTensors.Head]));
            text.Add(RecipeText.EndsScheme(Recipe.Quantization!.Scheme, _family));
        }
        else
        {
            Weights(text, item, withEnds: false).Add(RecipeText.LayerScheme(Recipe.Quantization!.Scheme, _family));
        }
    }

    /// <summary>What stands in the files of a checkpoint beside the parts: manifest, recipe, copies.</summary>
    private void ReadAssemble(KeyText text)
    {
        CalibrationIdentity calibration = request.Calibration;
        text.Add(RecipeWriter.Write(Recipe))
            .Add(request.Model.Files.Concat(request.Model.Companions).Select(file => $"{file.Key} {file.Value}"))
            .Add($"seed {calibration.Seed}");
        if (needs.Calibrates)
        {
            text.Add($"calibration {calibration.Source} {calibration.Tokenizer} {calibration.Samples} of {calibration.SequenceLength} search {calibration.SearchSamples}");
        }
    }

    /// <summary>The weights that run over a block: of its layers, the embeddings before the first and the norm behind the last.</summary>
    private KeyText Weights(KeyText text, WorkItem item, bool withEnds)
    {
        IEnumerable<string> tensors = Enumerable.Range(item.First, item.Count).Where(layer => layer < grid.Layers).SelectMany(LayerTensors);
        if (withEnds)
        {
            tensors = tensors
                .Concat(item.First == 0 ? [MambaTensors.Embeddings] : [])
                .Concat(item.First + item.Count >= grid.Layers || needs.RotatesResidual ? [MambaTensors.FinalNorm] : []);
        }

        return text.Add(RecipeText.Dimensions(request.Model.Config)).Add(request.Model.HashesOf(tensors));
    }

    private IEnumerable<string> AllTensors() =>
        Enumerable.Range(0, grid.Layers).SelectMany(LayerTensors).Concat([MambaTensors.Embeddings, MambaTensors.FinalNorm, MambaTensors.Head]);

    private static IEnumerable<string> LayerTensors(int layer) => MambaTensors.LayerNames.Select(name => MambaTensors.InLayer(layer, name));
}
