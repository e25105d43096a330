using MambaQuant.Quant.Datasets;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Method;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Statistics;

namespace MambaQuant.Pipeline.Local;

/// <summary>What every stage of one run shares.</summary>
internal sealed record Run
{
    /// <summary>Backend, float model, recipe, cancellation.</summary>
    public required MethodContext Context { get; init; }

    /// <summary>The calibration sequences; null where the recipe observes nothing.</summary>
    public required CalibrationSet? Calibration { get; init; }

    /// <summary>The calibration sequences.</summary>
    /// <exception cref="InvalidOperationException">The recipe observes nothing.</exception>
    public CalibrationSet Sequences => Calibration ?? throw new InvalidOperationException("the recipe observes nothing, so there are no calibration sequences");

    /// <summary>Sequences kept for the smoothing search, half for ranges, half for errors.</summary>
    public required int SearchSequences { get; init; }

    /// <summary>Where statistics wait between stages.</summary>
    public required ScratchFolder Scratch { get; init; }

    /// <summary>Progress and durations.</summary>
    public required StageClock Clock { get; init; }

    /// <summary>The backend.</summary>
    public IKernels Kernels => Context.Kernels;

    /// <summary>The model's dimensions.</summary>
    public MambaConfig Config => Context.Config;

    /// <summary>Tokens of all calibration sequences in all layers: the unit of the passes' progress.</summary>
    public long LayerTokens => Sequences.TokenCount * Config.LayerCount;

    /// <summary>Advances all sequences by one block, telling progress and heeding cancellation piece by piece.</summary>
    /// <param name="stage">The stage's name.</param>
    /// <param name="hidden">The sequences.</param>
    /// <param name="block">The block.</param>
    /// <param name="layer">Its index.</param>
    /// <param name="observer">Looks on; null for nobody.</param>
    public void Advance(string stage, HiddenStates hidden, MambaBlock block, int layer, LayerObserver? observer)
    {
        long before = Sequences.TokenCount * layer;
        hidden.Advance(Kernels, block, observer, done => Clock.Report(stage, before + done, LayerTokens, "tokens"), Context.Cancellation);
    }
}
