using System.Collections.Immutable;
using MambaQuant.Quant.Checkpoints;

namespace MambaQuant.Quant.Method;

/// <summary>What a checkpoint says of a model besides its weights.</summary>
/// <param name="Layers">What was lost in each layer.</param>
/// <param name="Ends">What was lost in embeddings and head.</param>
/// <param name="Pictures">What can be drawn.</param>
internal sealed record ModelDescription(ImmutableArray<LayerReport> Layers, LayerReport Ends, CheckpointPictures Pictures);
