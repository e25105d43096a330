namespace MambaQuant.Quant.Models;

/// <summary>A module with weights that can be quantized.</summary>
/// <param name="Name">Short name used in schemes, such as "in_proj".</param>
/// <param name="Kind">What it computes.</param>
/// <param name="Weight">Name of its weight within the layer (or within the model, for embeddings and head).</param>
/// <param name="Bias">Name of its bias; the model may lack it.</param>
/// <param name="Input">The site of its input, or null where it has no activations (embeddings).</param>
public sealed record ModuleDefinition(string Name, ModuleKind Kind, string Weight, string? Bias, ActivationSite? Input);
