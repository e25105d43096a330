using MambaQuant.Pipeline.Planning;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Recipes;
using MambaQuant.Quant.Safetensors;

namespace MambaQuant.Pipeline.Local;

/// <summary>Room that a run takes on disks.</summary>
/// <param name="StoreBytes">What items put into the store, at most; gone when the run ends, unless the store is a named one.</param>
/// <param name="ResultBytes">Tensors of the checkpoints.</param>
/// <param name="OutputBytes">The checkpoints and what lies beside them while the last is written, at most, the store aside.</param>
public sealed record DiskNeed(long StoreBytes, long ResultBytes, long OutputBytes)
{
    private const long DocumentBytes = 256 << 10;
    private const long DocumentBytesPerLayer = 32 << 10;

    /// <summary>Everything at once, where the store lies beside the output.</summary>
    public long PeakBytes => checked(StoreBytes + OutputBytes);

    /// <summary>What a run will take, from shapes alone.</summary>
    /// <param name="checkpoint">The float model.</param>
    /// <param name="recipes">Valid recipes, at least one; what they have in common is counted once.</param>
    /// <param name="calibration">Number and length of the sequences.</param>
    /// <param name="options">How the work is cut.</param>
    /// <param name="evaluationTokens">Tokens of the text to evaluate on; null for none.</param>
    /// <param name="windowLength">Tokens of a window of it.</param>
    public static DiskNeed Of(
        MambaCheckpoint checkpoint,
        IReadOnlyCollection<Recipe> recipes,
        CalibrationOptions calibration,
        PlanOptions options,
        long? evaluationTokens = null,
        int windowLength = 512)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentNullException.ThrowIfNull(recipes);
        ArgumentNullException.ThrowIfNull(calibration);
        MambaConfig config = checkpoint.Config;
        var identity = new CalibrationIdentity
        {
            Source = CalibrationOptions.SelfSource,
            Samples = calibration.Samples,
            SequenceLength = calibration.SequenceLength,
            SearchSamples = calibration.SearchSamples,
        };
        EvaluationIdentity? evaluation = evaluationTokens is not { } tokens
            ? null
            : new EvaluationIdentity { Source = "any", Text = "any", Tokenizer = "any", Tokens = tokens, WindowLength = windowLength };
        ModelIdentity model = ModelIdentity.OfShape("model", config);
        var stored = new Dictionary<string, long>(StringComparer.Ordinal);
        long result = 0, largestPart = 0, progress = 0;
        foreach (Recipe recipe in recipes)
        {
            QuantizedModelLayout layout = QuantizedModelLayout.Planned(config, recipe, checkpoint.HasSeparateHead);
            long embeddings = Sum(QuantizedTensorPlan.Embeddings(config, layout.Ends)), head = Sum(QuantizedTensorPlan.Head(config, layout.Ends));
            long layer = Sum(QuantizedTensorPlan.Layer(config, layout.Layers[0], 0));
            result = checked(result + embeddings + head + (layer * config.LayerCount));
            largestPart = Math.Max(largestPart, Math.Max(layer, Math.Max(embeddings, head)));

            WorkPlan plan = WorkPlanner.Plan(
                new PlanRequest { Recipe = recipe, Model = model, Calibration = identity, Evaluation = evaluation, Profile = "any", Options = options });
            var need = new StoreNeed(plan, layer, checked(embeddings + head));
            progress = Math.Max(progress, need.Progress);
            foreach (WorkItem item in plan.Graph.Items)
            {
                stored[item.Key.Text] = need.Of(item);
            }
        }

        // A part lies beside its copy for a moment, and on its way to the store beside the artifact.
        long documents = checked(DocumentBytes + (DocumentBytesPerLayer * config.LayerCount) + QuantizedCheckpointWriter.CopiedBytes(checkpoint.Directory));
        return new DiskNeed(checked(stored.Values.Sum() + progress), result, checked(result + (2 * largestPart) + (documents * recipes.Count)));
    }

    /// <summary>Bytes of the tensors of a checkpoint.</summary>
    /// <param name="config">The model's dimensions.</param>
    /// <param name="recipe">A valid recipe.</param>
    /// <param name="hasSeparateHead">Whether the float model has a head of its own.</param>
    public static long ResultOf(MambaConfig config, Recipe recipe, bool hasSeparateHead)
    {
        ArgumentNullException.ThrowIfNull(config);
        QuantizedModelLayout layout = QuantizedModelLayout.Planned(config, recipe, hasSeparateHead);
        return checked(
            Sum(QuantizedTensorPlan.Embeddings(config, layout.Ends)) + Sum(QuantizedTensorPlan.Head(config, layout.Ends)) + (config.LayerCount * Sum(QuantizedTensorPlan.Layer(config, layout.Layers[0], 0))));
    }

    private static long Sum(IEnumerable<SafetensorsDeclaration> tensors) => tensors.Sum(tensor => tensor.SizeBytes);
}
