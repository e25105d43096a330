using System.Diagnostics.CodeAnalysis;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Models;

/// <summary>The fp32 weights of one layer by their names within it, such as "mixer.in_proj.weight".</summary>
public sealed class LayerWeights : IDisposable
{
    private readonly Dictionary<string, Tensor> _tensors = new(StringComparer.Ordinal);

    /// <summary>Makes an empty set.</summary>
    /// <param name="layer">Index of the layer.</param>
    public LayerWeights(int layer)
    {
        Layer = layer;
    }

    /// <summary>Index of the layer.</summary>
    public int Layer { get; }

    /// <summary>The names present, in the order they were added.</summary>
    public IEnumerable<string> Names => _tensors.Keys;

    /// <summary>A weight by name; setting one that exists disposes the old tensor.</summary>
    /// <param name="name">Name within the layer.</param>
    /// <exception cref="KeyNotFoundException">The layer has no such weight.</exception>
    public Tensor this[string name]
    {
        get => _tensors.TryGetValue(name, out Tensor? tensor)
            ? tensor
            : throw new KeyNotFoundException($"layer {Layer} has no weight '{name}'");
        set
        {
            if (_tensors.TryGetValue(name, out Tensor? old) && !ReferenceEquals(old, value))
            {
                old.Dispose();
            }

            _tensors[name] = value;
        }
    }

    /// <summary>A weight that may be absent.</summary>
    /// <param name="name">Name within the layer.</param>
    public Tensor? Find(string name) => _tensors.GetValueOrDefault(name);

    /// <summary>Whether a weight is present.</summary>
    /// <param name="name">Name within the layer.</param>
    /// <param name="tensor">The weight.</param>
    public bool TryGet(string name, [NotNullWhen(true)] out Tensor? tensor) => _tensors.TryGetValue(name, out tensor);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Tensor tensor in _tensors.Values)
        {
            tensor.Dispose();
        }

        _tensors.Clear();
    }
}
