using System.Text.Json;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Local;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Recipes;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Local;

/// <summary>What tests of whole runs have in common: a small model, kernels of one thread, and what the runs say.</summary>
public abstract class WholeRunTests : IDisposable
{
    private readonly List<string> _notices = [];

    private protected WholeRunTests(TinyModel? model = null) => Model = model ?? new TinyModel();

    private protected TinyModel Model { get; }

    private protected CpuKernels Kernels { get; } = new(new CpuKernelsOptions { Threads = 1 });

    /// <summary>What runs with <see cref="Options"/> said.</summary>
    private protected IReadOnlyList<string> Notices => _notices;

    public void Dispose()
    {
        Kernels.Dispose();
        Model.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected LocalEngine Engine() => new(Kernels, TimeProvider.System);

    /// <summary>A run whose notices are kept, of whatever thread.</summary>
    private protected virtual QuantizeOptions Options(Recipe recipe, string output) => Model.Options(recipe, output) with
    {
        Notice = notice =>
        {
            lock (_notices)
            {
                _notices.Add(notice);
            }
        },
    };

    /// <summary>A run from start to end, in a store or, without one, in a work folder of its own.</summary>
    private protected QuantizeResult Run(Recipe recipe, string output, IArtifactStore? store, LocalEngine? engine = null, bool mayRecover = true)
    {
        QuantizeOptions options = Options(recipe, output) with { OpenStore = store is null ? null : _ => Task.FromResult(store), StoreMayRecover = mayRecover };
        return (engine ?? Engine()).Quantize(options, new StageLog(), CancellationToken.None);
    }

    private protected JsonElement RunFile(string output) =>
        JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Model.File(output), "run.json"))).RootElement;

    private protected void AssertSame(string expected, string actual)
    {
        IReadOnlyDictionary<string, byte[]> left = Model.Files(expected), right = Model.Files(actual);
        Assert.Equal(left.Keys.Order(StringComparer.Ordinal), right.Keys.Order(StringComparer.Ordinal));
        Assert.All(left, file => Assert.True(file.Value.AsSpan().SequenceEqual(right[file.Key]), $"{file.Key} differs"));
    }
}
