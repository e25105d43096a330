using System.Collections.Immutable;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Datasets;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Recipes;

namespace MambaQuant.Quant.Method;

/// <summary>A quantized model in memory, not yet written.</summary>
public sealed class QuantizedModel : IDisposable
{
    private readonly MethodContext _context;
    private readonly TransformChoice _choice;
    private readonly ModelDescription _described;

    internal QuantizedModel(
        MethodContext context,
        TransformChoice choice,
        ImmutableArray<QuantizedLayer> layers,
        QuantizedEnds ends,
        ModelDescription described)
    {
        _context = context;
        _choice = choice;
        Layers = layers;
        Ends = ends;
        _described = described;
    }

    /// <summary>The layers, in order; owned.</summary>
    public ImmutableArray<QuantizedLayer> Layers { get; }

    /// <summary>Embeddings, final norm and head; owned.</summary>
    public QuantizedEnds Ends { get; }

    /// <summary>Writes a checkpoint folder: weights, config.json, tokenizer, recipe, manifest, report.</summary>
    /// <param name="outputDirectory">The folder to make: absent, or empty.</param>
    /// <param name="calibration">The sequences that it was calibrated on, for the manifest.</param>
    /// <param name="seed">The seed that chose them, for the manifest.</param>
    /// <param name="tokenizerFile">The tokenizer that made them from a text; null where none did.</param>
    /// <exception cref="OutputDirectoryException">The folder holds something, or another run writes it.</exception>
    /// <exception cref="IOException">The disk is full or failed; nothing is left.</exception>
    public void Write(string outputDirectory, CalibrationSet? calibration, ulong seed = 0, string? tokenizerFile = null)
    {
        using var writer = new QuantizedCheckpointWriter(outputDirectory, _context.Checkpoint);
        foreach (QuantizedLayer layer in Layers)
        {
            writer.AddLayer(_context.Kernels, layer);
        }

        writer.AddEnds(_context.Kernels, Ends);
        writer.Complete(new QuantizedCheckpointDocuments
        {
            Recipe = RecipeWriter.Write(_context.Recipe),
            Report = CheckpointReports.OfModel(_context, writer.TensorBytes, _described.Ends, _described.Layers),
            Pictures = _described.Pictures,
            Manifest = RunManifests.Of(_context, calibration, _choice.SearchSamples, seed, tokenizerFile),
        });
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Ends.Dispose();
        foreach (QuantizedLayer layer in Layers)
        {
            layer.Dispose();
        }
    }
}
