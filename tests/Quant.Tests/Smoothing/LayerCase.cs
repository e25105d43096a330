using System.Collections.Immutable;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Rotations;
using MambaQuant.Quant.Smoothing;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tensors;
using MambaQuant.Testing;

namespace MambaQuant.Quant.Tests.Smoothing;

/// <summary>One layer of a random model on a backend, inputs for it, and what a calibration pass sees of it.</summary>
/// <remarks>
/// A planted scale multiplies what makes a site's activation by p and divides what consumes it: the layer computes the same, only its
/// quantization suffers. The p are powers of two whose product is 1, so that nothing but the scale differs from the plain layer.
/// </remarks>
internal sealed class LayerCase : IDisposable
{
    private const int Sequences = 2, Length = 12;

    private readonly Tensor _rangeInputs;
    private readonly Tensor _errorInputs;

    public LayerCase(IKernels kernels, SmoothingSite? planted = null, bool silent = false)
    {
        Kernels = kernels;
        Family = MambaFamily.For(Config);
        using var folder = new TemporaryDirectory();
        new SyntheticMamba
        {
            Seed = 11,
            Config = Config,
            Edit = (name, values) =>
            {
                Plant(planted, name, values);
                Array.Clear(values, 0, silent && name.EndsWith("out_proj.weight", StringComparison.Ordinal) ? values.Length : 0);
            },
        }.Write(folder.Path);
        using MambaCheckpoint checkpoint = MambaCheckpoint.Open(folder.Path);
        Weights = checkpoint.LoadLayer(kernels, 0);
        _rangeInputs = Inputs(seed: 1);
        _errorInputs = Inputs(seed: 2);
        Statistics = Observe();
    }

    public static MambaConfig Config { get; } = new SyntheticMamba().Config with { DModel = 12, DInner = 24, DState = 4, DtRank = 4, LayerCount = 1 };

    public IKernels Kernels { get; }

    public ModelFamily Family { get; }

    public LayerWeights Weights { get; }

    public LayerStatistics Statistics { get; }

    /// <summary>No rotation.</summary>
    public static LayerRotations NoRotations { get; } = new(new LayerTransform(0), TimeStep: null, IsCentered: true);

    /// <summary>Every rotation that a layer can have.</summary>
    public LayerRotations AllRotations() => new(
        new[] { RotationSite.XProjInput, RotationSite.ScanState, RotationSite.OutProjInput }.Aggregate(
            new LayerTransform(0), (sum, site) => sum.With(site, Rotation.Hadamard(site, Family.Rotation(site).Width))),
        Statistics[ActivationSite.DtProjInput].Moment,
        IsCentered: true);

    /// <summary>The factor p of a channel.</summary>
    public static double Planted(int channel) => channel % 2 == 0 ? 16 : 1.0 / 16;

    /// <summary>W6A6 at some modules only; the scan's operands where asked for.</summary>
    public static QuantizationScheme Scheme(bool scan, params string[] modules)
    {
        QuantizationScheme whole = QuantizationSchemes.Parse("W6A6");
        return whole with
        {
            Modules = whole.Modules.Where(module => modules.Contains(module.Key)).ToImmutableSortedDictionary(StringComparer.Ordinal),
            ScanState = scan ? whole.ScanState : null,
            ScanOutput = scan ? whole.ScanOutput : null,
        };
    }

    /// <summary>The part of the scheme that a planted scale hurts; embeddings stand outside the layer, where a scheme needs some module.</summary>
    public static QuantizationScheme SchemeAt(SmoothingSite site) => site switch
    {
        SmoothingSite.InProjToConv => Scheme(scan: false, MambaFamily.ConvModule),
        SmoothingSite.XProjToDtProj => Scheme(scan: false, MambaFamily.DtProjModule),
        _ => Scheme(scan: true, MambaFamily.EmbeddingsModule),
    };

    public BlockTrial Trial(QuantizationScheme scheme) => new(Kernels, Config, Family, scheme, _rangeInputs, _errorInputs);

    public FreshTrial Fresh(QuantizationScheme scheme) => new(Kernels, Config, scheme, _rangeInputs, _errorInputs);

    public BlockTrial SwappedTrial(QuantizationScheme scheme) => new(Kernels, Config, Family, scheme, _errorInputs, _rangeInputs);

    public BlockTrial Trial(QuantizationScheme scheme, Tensor errorInputs) => new(Kernels, Config, Family, scheme, _rangeInputs, errorInputs);

    public ImmutableArray<SmoothingChoice> Choose(
        BlockTrial? trial, LayerRotations rotations, CancellationToken cancellation = default, params (SmoothingSite Site, SmoothingGrid Grid)[] sites) =>
        SmoothingSearch.Choose(
            Kernels, Family, sites.ToDictionary(site => site.Site, site => site.Grid), Weights, Statistics, rotations, trial, cancellation: cancellation);

    /// <summary>Residual stream of whole sequences, some channels louder than others.</summary>
    public Tensor Inputs(int seed, float scale = 1)
    {
        var random = new Random(seed);
        float[] values = [.. Enumerable.Range(0, Sequences * Length * Config.DModel)
            .Select(i => scale * (random.NextSingle() - 0.5f) * (1 + (i % Config.DModel % 3)))];
        return Kernels.Upload<float>(values, new Shape(Sequences, Length, Config.DModel));
    }

    public void Dispose()
    {
        Weights.Dispose();
        _rangeInputs.Dispose();
        _errorInputs.Dispose();
    }

    /// <summary>What the original model's pass would see of both input sets.</summary>
    private LayerStatistics Observe()
    {
        var plan = new ObservationPlan
        {
            Ranges = [.. Family.Smoothings.Select(site => site.Activation).Append(ActivationSite.ScanOutput)],
            SecondMoments = [ActivationSite.DtProjInput],
            State = true,
        };
        using var observer = new LayerObserver(Kernels, plan, 0, Config);
        using LayerWeights copy = LayerFolder.Fold(Kernels, Family, Weights, residual: null, new LayerTransform(0));
        using MambaBlock block = FloatBlock.Build(Kernels, Config, copy, OnlineTransforms.None);
        foreach (Tensor inputs in new[] { _rangeInputs, _errorInputs })
        {
            using BlockState state = BlockState.Zero(Kernels, Config, Sequences);
            block.Change(Kernels, inputs, state, observer).Dispose();
        }

        return observer.ToStatistics();
    }

    /// <summary>Multiplies or divides rows or columns of a stored tensor, row-major, by the planted factors.</summary>
    private static void Plant(SmoothingSite? site, string name, float[] values)
    {
        int e = Config.DInner, n = Config.DState, r = Config.DtRank;
        foreach ((SmoothingSite At, string Tensor, int FirstRow, int Rows, bool ByColumn, bool Divides) step in new[]
        {
            (SmoothingSite.InProjToConv, "in_proj.weight", 0, e, false, false),
            (SmoothingSite.InProjToConv, "conv1d.weight", 0, e, false, true),
            (SmoothingSite.XProjToDtProj, "x_proj.weight", 0, r, false, false),
            (SmoothingSite.XProjToDtProj, "dt_proj.weight", 0, e, true, true),
            (SmoothingSite.ScanState, "x_proj.weight", r, n, false, false),
            (SmoothingSite.ScanState, "x_proj.weight", r + n, n, false, true),
        })
        {
            if (site != step.At || !name.EndsWith("mixer." + step.Tensor, StringComparison.Ordinal))
            {
                continue;
            }

            int columns = values.Length / Extent(step.Tensor);
            for (int row = 0; row < step.Rows; row++)
            {
                for (int column = 0; column < columns; column++)
                {
                    double factor = Planted(step.ByColumn ? column : row);
                    values[((step.FirstRow + row) * columns) + column] *= (float)(step.Divides ? 1 / factor : factor);
                }
            }
        }

        int Extent(string tensor) => tensor switch
        {
            "in_proj.weight" => 2 * e,
            "x_proj.weight" => r + (2 * n),
            _ => e,
        };
    }
}
