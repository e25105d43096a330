using System.Collections.Immutable;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Testing;

/// <summary>Makes random quantized layers and ends: well-formed, with no model behind them.</summary>
/// <remarks>Codes are spread over their whole grid; scales are such that dequantized weights stay of the order 1 / sqrt(inputs).</remarks>
public sealed class RandomQuantizedParts
{
    private readonly ITensorMemory _memory;
    private readonly MambaConfig _config;
    private readonly Random _random;

    /// <summary>Starts a sequence of parts.</summary>
    /// <param name="memory">Memory of the backend that will own them.</param>
    /// <param name="config">The model's dimensions.</param>
    /// <param name="seed">The seed.</param>
    public RandomQuantizedParts(ITensorMemory memory, MambaConfig config, int seed)
    {
        _memory = memory;
        _config = config;
        _random = new Random(seed);
    }

    /// <summary>Makes a layer.</summary>
    /// <param name="index">Index of the layer.</param>
    /// <param name="scheme">What is quantized.</param>
    /// <param name="rotations">Online rotations; null for none.</param>
    /// <param name="smoothsGate">Whether there are S-SiLU factors.</param>
    public QuantizedLayer Layer(
        int index, QuantizationScheme scheme, ImmutableSortedDictionary<RotationSite, int>? rotations = null, bool smoothsGate = false)
    {
        ArgumentNullException.ThrowIfNull(scheme);
        ModelFamily family = MambaFamily.For(_config);
        var floats = new LayerWeights(index);
        var codes = new Dictionary<string, WeightCodes>(StringComparer.Ordinal);
        var args = ImmutableSortedDictionary.CreateBuilder<string, QuantizationArgs>(StringComparer.Ordinal);
        var inputs = new Dictionary<ActivationSite, SiteQuantization>();
        string prefix = MambaTensors.InLayer(index, string.Empty);
        foreach ((string name, int[] stored) in SyntheticMamba.Tensors(_config).Where(tensor => tensor.Name.StartsWith(prefix, StringComparison.Ordinal)))
        {
            string own = name[prefix.Length..];
            Shape shape = stored.Length == 3 ? new Shape(stored[0], stored[2]) : new Shape(stored);
            ModuleDefinition? module = family.LayerModules.FirstOrDefault(module => module.Weight == own);
            ModuleScheme? moduleScheme = module is null ? null : scheme.Find(module.Name);
            if (moduleScheme?.Weights is { } weights)
            {
                codes.Add(module!.Name, Codes(shape, weights));
                args.Add(module.Name, weights);
            }
            else
            {
                floats[own] = Floats(own, shape);
            }

            if (moduleScheme?.Input is { } input)
            {
                inputs.Add(module!.Input!.Value, Site(input));
            }
        }

        if (scheme.ScanOutput is { } output)
        {
            inputs.Add(ActivationSite.ScanOutput, Site(output));
        }

        return new QuantizedLayer
        {
            Layer = index,
            Float = floats,
            Weights = codes,
            WeightArgs = args.ToImmutable(),
            Inputs = inputs,
            ScanState = scheme.ScanState,
            ScanStateScales = scheme.ScanState is { Dynamic: false } ? Factors(_config.DInner, 0.01f) : null,
            OnlineRotations = rotations ?? ImmutableSortedDictionary<RotationSite, int>.Empty,
            GateSmoothing = smoothsGate ? Factors(_config.DInner, 1) : null,
        };
    }

    /// <summary>Makes embeddings, final norm and head.</summary>
    /// <param name="scheme">What is quantized.</param>
    /// <param name="tied">Whether the head is the embedding table.</param>
    public QuantizedEnds Ends(QuantizationScheme scheme, bool tied)
    {
        ArgumentNullException.ThrowIfNull(scheme);
        var table = new Shape(_config.VocabularySize, _config.DModel);
        QuantizationArgs? embeddings = scheme.Find(MambaFamily.EmbeddingsModule)?.Weights;
        ModuleScheme? head = scheme.Find(MambaFamily.HeadModule);
        return new QuantizedEnds
        {
            EmbeddingCodes = embeddings is null ? null : Codes(table, embeddings),
            EmbeddingTable = embeddings is null ? Floats("embeddings", table) : null,
            EmbeddingArgs = embeddings,
            FinalNorm = Floats("norm", new Shape(_config.DModel)),
            HeadIsTied = tied,
            HeadCodes = tied || head?.Weights is null ? null : Codes(table, head.Weights),
            HeadTable = tied || head?.Weights is not null ? null : Floats("head", table),
            HeadArgs = tied ? embeddings : head?.Weights,
            HeadInput = head?.Input is null ? null : Site(head.Input),
        };
    }

    /// <summary>Documents with nothing much in them, for a checkpoint of such parts.</summary>
    public static QuantizedCheckpointDocuments Documents() => new()
    {
        Recipe = "recipe: test\n",
        Manifest = new RunManifest
        {
            Model = ImmutableSortedDictionary<string, string>.Empty,
            Seed = ulong.MaxValue,
            Recipe = ContentHash.OfText("recipe: test\n"),
            Profile = "test",
        },
        Report = new CheckpointReport { Recipe = "test", Scheme = "W8A8", FloatBytes = 4, QuantizedBytes = 1, Ends = new LayerReport(), Layers = [] },
    };

    private WeightCodes Codes(Shape shape, QuantizationArgs args)
    {
        CodeGrid grid = args.Grid;
        int groupSize = args.Strategy == QuantizationStrategy.Group ? Math.Min(args.GroupSize, shape.Columns) : shape.Columns;
        Shape scales = args.Strategy == QuantizationStrategy.Tensor
            ? new Shape(1, 1)
            : new Shape(shape.Rows, (shape.Columns + groupSize - 1) / groupSize);
        float scale = (float)(2 / (grid.Maximum * Math.Sqrt(shape.Columns)));
        sbyte[] codes = [.. Enumerable.Range(0, (int)shape.ElementCount).Select(_ => (sbyte)_random.Next(grid.Minimum, grid.Maximum + 1))];
        int[] zeroPoints = [.. Enumerable.Range(0, (int)scales.ElementCount).Select(_ => _random.Next(grid.Minimum, grid.Maximum + 1))];
        return new WeightCodes(
            _memory.Upload<sbyte>(codes, shape),
            _memory.Upload<float>(Factors((int)scales.ElementCount, scale).AsSpan(), scales),
            grid.Symmetric ? null : _memory.Upload<int>(zeroPoints, scales),
            grid,
            groupSize);
    }

    private SiteQuantization Site(QuantizationArgs args) => args.Dynamic
        ? new SiteQuantization(args, 1, 0)
        : new SiteQuantization(args, Factors(1, 4f / args.Grid.Maximum)[0], args.Symmetric ? 0 : _random.Next(args.Grid.Minimum, args.Grid.Maximum + 1));

    private ImmutableArray<float> Factors(int count, float scale) =>
        [.. Enumerable.Range(0, count).Select(_ => scale * (float)(0.5 + _random.NextDouble()))];

    private Tensor Floats(string name, Shape shape)
    {
        bool isDecay = name.EndsWith("A_log", StringComparison.Ordinal);
        double scale = 1 / Math.Sqrt(shape.Columns);
        float[] values = [.. Enumerable.Range(0, (int)shape.ElementCount)
            .Select(_ => (float)(isDecay ? Math.Log(0.2 + (8 * _random.NextDouble())) : ((_random.NextDouble() * 2) - 1) * (shape.Rank == 1 ? 1 : scale)))];
        return _memory.Upload<float>(values, shape);
    }
}
