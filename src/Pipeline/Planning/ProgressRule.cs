using MambaQuant.Quant.Models;

namespace MambaQuant.Pipeline.Planning;

/// <summary>Says when the hidden states in the middle of an item are worth putting into the store.</summary>
/// <remarks>The same prices as <see cref="GridRule"/>: a byte is worth 2,500 operations, and at most a quarter of the work goes into checkpoints.</remarks>
public static class ProgressRule
{
    private const double SmallestItem = 2e11;

    /// <summary>Layers between two checkpoints.</summary>
    /// <param name="config">The model's dimensions.</param>
    /// <param name="tokens">Tokens of the item.</param>
    /// <param name="layers">Layers of the item.</param>
    /// <returns>0 where the item is done again faster than anybody notices.</returns>
    public static int LayersBetween(MambaConfig config, long tokens, int layers)
    {
        double layer = ModelOperations.ForwardLayer(config);
        return layer * tokens * layers < SmallestItem
            ? 0
            : (int)Math.Ceiling(GridRule.Worth * GridRule.OperationsPerByte * ModelOperations.HiddenBytes(config) / layer);
    }

    /// <summary>Whether an item that is stopped should leave a checkpoint: doing its layers again would take longer than writing it.</summary>
    /// <param name="config">The model's dimensions.</param>
    /// <param name="layers">Layers since the last checkpoint.</param>
    public static bool PaysWhenStopped(MambaConfig config, int layers) =>
        layers * ModelOperations.ForwardLayer(config) > GridRule.OperationsPerByte * ModelOperations.HiddenBytes(config);
}
