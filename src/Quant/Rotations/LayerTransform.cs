using System.Collections.Immutable;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Safetensors;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Rotations;

/// <summary>What is going to be changed in one layer: parameters only; the weights fold when they are needed.</summary>
/// <remarks>
/// Immutable: With gives a changed copy. The rotation of the residual stream is the model's, see <see cref="ModelTransform"/>,
/// and not among these. One small safetensors file; its bytes depend on the values only.
/// </remarks>
public sealed class LayerTransform
{
    private const string Format = "mambaquant.layer_transform.1";
    private const string LayerKey = "layer";
    private const string RotationPrefix = "rotation.";
    private const string SmoothingPrefix = "smoothing.";

    private readonly ImmutableSortedDictionary<RotationSite, Rotation> _rotations;
    private readonly ImmutableSortedDictionary<SmoothingSite, ImmutableArray<double>> _smoothing;

    /// <summary>Changes nothing.</summary>
    /// <param name="layer">Index of the layer, at least 0.</param>
    public LayerTransform(int layer)
        : this(layer, ImmutableSortedDictionary<RotationSite, Rotation>.Empty, ImmutableSortedDictionary<SmoothingSite, ImmutableArray<double>>.Empty)
    {
    }

    private LayerTransform(
        int layer,
        ImmutableSortedDictionary<RotationSite, Rotation> rotations,
        ImmutableSortedDictionary<SmoothingSite, ImmutableArray<double>> smoothing)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(layer);
        Layer = layer;
        _rotations = rotations;
        _smoothing = smoothing;
    }

    /// <summary>Index of the layer.</summary>
    public int Layer { get; }

    /// <summary>The layer's own rotations, in the order of the sites.</summary>
    public IReadOnlyDictionary<RotationSite, Rotation> Rotations => _rotations;

    /// <summary>The factors s of smoothed sites (activations are divided by s), in the order of the sites.</summary>
    public IReadOnlyDictionary<SmoothingSite, ImmutableArray<double>> Smoothing => _smoothing;

    /// <summary>The rotation of a site, or null.</summary>
    /// <param name="site">The site.</param>
    public Rotation? Find(RotationSite site) => _rotations.GetValueOrDefault(site);

    /// <summary>The factors of a site, or null.</summary>
    /// <param name="site">The site.</param>
    public ImmutableArray<double>? Find(SmoothingSite site) => _smoothing.TryGetValue(site, out ImmutableArray<double> factors) ? factors : null;

    /// <summary>The same with another rotation at a site.</summary>
    /// <param name="site">Any site of a layer.</param>
    /// <param name="rotation">The rotation; null for none.</param>
    /// <exception cref="ArgumentException">The site is the residual stream, whose rotation all layers share.</exception>
    public LayerTransform With(RotationSite site, Rotation? rotation)
    {
        if (site == RotationSite.ResidualStream)
        {
            throw new ArgumentException(
                $"the rotation of {site} is one for the whole model; it belongs into {nameof(ModelTransform)}, not into layer {Layer}", nameof(site));
        }

        return new LayerTransform(Layer, rotation is null ? _rotations.Remove(site) : _rotations.SetItem(site, rotation), _smoothing);
    }

    /// <summary>The same with other factors at a site.</summary>
    /// <param name="site">The site.</param>
    /// <param name="factors">s, one per channel, each positive and finite; null for none.</param>
    /// <exception cref="ArgumentException">A factor is zero, negative, NaN or infinite; the channel is named.</exception>
    public LayerTransform With(SmoothingSite site, ImmutableArray<double>? factors)
    {
        if (factors is null)
        {
            return new LayerTransform(Layer, _rotations, _smoothing.Remove(site));
        }

        int wrong = FirstUnusable(factors.Value);
        return wrong < 0
            ? new LayerTransform(Layer, _rotations, _smoothing.SetItem(site, factors.Value))
            : throw new ArgumentException(
                $"layer {Layer}, {site}, channel {wrong}: a smoothing factor must be positive and finite, found {factors.Value[wrong]}", nameof(factors));
    }

    /// <summary>Writes one file, beside and renamed.</summary>
    /// <param name="path">The file; an older one is replaced.</param>
    /// <exception cref="IOException">The disk is full or failed.</exception>
    public void Write(string path)
    {
        SafetensorsDeclaration[] declarations =
        [
            .. _rotations.SelectMany(pair => pair.Value.Declare(NameOf(pair.Key))),
            .. _smoothing.Select(pair => new SafetensorsDeclaration(NameOf(pair.Key), DType.F64, new Shape(pair.Value.Length))),
        ];
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [StoredValues.FormatKey] = Format,
            [LayerKey] = $"{Layer}",
        };
        using var writer = new SafetensorsWriter(path, declarations, metadata, flush: false);
        foreach ((RotationSite site, Rotation rotation) in _rotations)
        {
            rotation.Write(writer, NameOf(site));
        }

        foreach ((SmoothingSite site, ImmutableArray<double> factors) in _smoothing)
        {
            writer.Write(NameOf(site), factors.AsSpan());
        }

        writer.Complete();
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidSafetensorsException">The file is damaged or of another kind.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static LayerTransform Read(string path)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        StoredValues.EnsureFormat(file, Format);
        var rotations = Enum.GetValues<RotationSite>()
            .Where(site => Rotation.IsIn(file, NameOf(site)))
            .ToImmutableSortedDictionary(site => site, site => Rotation.Read(file, NameOf(site)));
        var smoothing = Enum.GetValues<SmoothingSite>()
            .Where(site => file.TryGet(NameOf(site), out _))
            .ToImmutableSortedDictionary(site => site, site => ReadFactors(file, NameOf(site)));
        return new LayerTransform(StoredValues.Number(file, LayerKey), rotations, smoothing);
    }

    private static ImmutableArray<double> ReadFactors(SafetensorsFile file, string name)
    {
        ImmutableArray<double> factors = [.. StoredValues.Float64(file, name)];
        int wrong = FirstUnusable(factors);
        return wrong < 0
            ? factors
            : throw StoredValues.Wrong(file, name, "positive finite factors", $"{factors[wrong]} at channel {wrong}");
    }

    private static int FirstUnusable(ImmutableArray<double> factors)
    {
        for (int channel = 0; channel < factors.Length; channel++)
        {
            if (!(factors[channel] > 0 && double.IsFinite(factors[channel])))
            {
                return channel;
            }
        }

        return -1;
    }

    private static string NameOf(RotationSite site) => $"{RotationPrefix}{site}.";

    private static string NameOf(SmoothingSite site) => $"{SmoothingPrefix}{site}";
}
