using MambaQuant.Dashboard.Reports;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Local;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Recipes;
using MambaQuant.Testing;

namespace MambaQuant.Dashboard.Tests.Reports;

/// <summary>A small random model, and checkpoints of it.</summary>
public sealed class ReportedModel : IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly Lock _gate = new();

    /// <summary>Writes the model.</summary>
    public ReportedModel()
    {
        Directory.CreateDirectory(_folder.File("model"));
        new SyntheticMamba { Seed = 7, Config = new SyntheticMamba().Config with { VocabularySize = 40, DModel = 12, DInner = 24, DState = 4, DtRank = 4 } }.Write(_folder.File("model"));
    }

    /// <summary>Folder of everything.</summary>
    public string Root => _folder.Path;

    /// <summary>A checkpoint, made once.</summary>
    /// <param name="preset">Its recipe.</param>
    /// <param name="scheme">Its scheme.</param>
    public string Checkpoint(string preset, string scheme = "W4A8")
    {
        lock (_gate)
        {
            string output = _folder.File($"{preset}-{scheme}");
            if (!Directory.Exists(output))
            {
                using var kernels = new CpuKernels(new CpuKernelsOptions { Threads = 1 });
                QuantizeOptions options = QuantizeOptions.Of(_folder.File("model"), output, RecipePresets.Get(preset, scheme, strict: false)) with
                {
                    Calibration = new CalibrationOptions { Samples = 4, SequenceLength = 16, SearchSamples = 4, Seed = 1 },
                };
                new LocalEngine(kernels, TimeProvider.System).Quantize(options, new Progress<StageProgress>(), CancellationToken.None);
            }

            return output;
        }
    }

    /// <summary>A copy of a checkpoint that a test may change.</summary>
    /// <param name="name">Name of its folder.</param>
    /// <param name="preset">Its recipe.</param>
    public string Copy(string name, string preset = RecipePresets.MambaQuant)
    {
        string source = Checkpoint(preset), target = Path.Combine(Directory.CreateDirectory(Path.Combine(Root, Guid.NewGuid().ToString("N"))).FullName, name);
        Directory.CreateDirectory(target);
        foreach (string file in Directory.EnumerateFiles(source).Where(file => Path.GetFileName(file) != ReportPage.FileName))
        {
            File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
        }

        return target;
    }

    /// <summary>An evaluation of made-up figures.</summary>
    public static CheckpointEvaluation Evaluation { get; } = new()
    {
        Text = "text.txt",
        WindowLength = 64,
        Windows = 3,
        Tokens = 180,
        Scored = 177,
        Float = new ModelEvaluation { Compute = "float", SizeBytes = 9_100_000, Perplexity = 28.4321, Nll = 3.3475 },
        Quantized = new ModelEvaluation { Compute = "integer", SizeBytes = 4_500_000, Perplexity = 28.9623, Nll = 3.366, KlMean = 0.037591, Top1Agreement = 0.88341, TokensPerSecond = 1234.5 },
    };

    /// <inheritdoc/>
    public void Dispose() => _folder.Dispose();
}
