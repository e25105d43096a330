using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Method;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Recipes;
using MambaQuant.Quant.Safetensors;
using MambaQuant.Quant.Statistics;

namespace MambaQuant.Pipeline.Local;

/// <summary>Room that a run takes on the disk beside which it writes: everything lies in the folder that holds the output folder.</summary>
/// <param name="ScratchBytes">Statistics and samples that wait between the passes, at most; gone when the run ends.</param>
/// <param name="ResultBytes">Tensors of the checkpoint.</param>
/// <param name="PeakBytes">Everything at once, at most, reports and copied files included.</param>
public sealed record DiskNeed(long ScratchBytes, long ResultBytes, long PeakBytes)
{
    private const long DocumentBytes = 256 << 10;
    private const long DocumentBytesPerLayer = 32 << 10;

    /// <summary>What a run will take, from shapes alone.</summary>
    /// <param name="checkpoint">The float model.</param>
    /// <param name="recipe">A valid recipe.</param>
    /// <param name="calibration">Number and length of the sequences.</param>
    public static DiskNeed Of(MambaCheckpoint checkpoint, Recipe recipe, CalibrationOptions calibration)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentNullException.ThrowIfNull(calibration);
        MambaConfig config = checkpoint.Config;
        QuantizedModelLayout layout = QuantizedModelLayout.Planned(config, recipe, checkpoint.HasSeparateHead);
        long embeddings = Sum(QuantizedTensorPlan.Embeddings(config, layout.Ends));
        long head = Sum(QuantizedTensorPlan.Head(config, layout.Ends));
        long layer = Sum(QuantizedTensorPlan.Layer(config, layout.Layers[0], 0));
        long result = checked(embeddings + head + (layer * config.LayerCount));

        (long layerScratch, long headScratch) = Scratch(config, recipe, calibration);
        long scratch = checked((layerScratch * config.LayerCount) + headScratch);

        // Scratch files go as the layers' parts come, one for one: the most is there at the start or at the end. At the end each part
        // lies beside its copy for a moment.
        long atStart = checked(scratch + layer);
        long atEnd = checked(result + headScratch + Math.Max(layer, Math.Max(embeddings, head)));
        long documents = checked(DocumentBytes + (DocumentBytesPerLayer * config.LayerCount) + QuantizedCheckpointWriter.CopiedBytes(checkpoint.Directory));
        return new DiskNeed(scratch, result, checked(Math.Max(atStart, atEnd) + documents));
    }

    private static (long Layer, long Head) Scratch(MambaConfig config, Recipe recipe, CalibrationOptions calibration)
    {
        ModelFamily family = MambaFamily.For(config);
        ObservationPlan plan = ObservationPlans.Original(recipe, family);
        if (!ObservationPlans.IsNeeded(plan))
        {
            return (0, 0);
        }

        long samples = checked((long)calibration.SearchedBy(recipe) * calibration.SequenceLength * config.DModel * sizeof(float));
        return (checked(StatisticsSize.OfLayer(plan, family, config) + samples), StatisticsSize.OfHead(plan, family));
    }

    private static long Sum(IEnumerable<SafetensorsDeclaration> tensors) => tensors.Sum(tensor => tensor.SizeBytes);
}
