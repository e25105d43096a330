using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Recipes;

namespace MambaQuant.Pipeline.Local;

/// <summary>Quantizes a model in this process: the scheduler, some workers, and a store in a folder, or another one that is named.</summary>
/// <remarks>
/// The same inputs give the same files whatever the number of workers and threads, and however often a run was stopped or killed; only run.json tells
/// times, host and paths. See docs/pipeline.md.
/// </remarks>
/// <param name="backends">The workers' backends; not owned.</param>
/// <param name="time">The clock of progress, durations and leases.</param>
public sealed class LocalEngine(IWorkerBackends backends, TimeProvider time)
{
    /// <summary>An engine with one worker.</summary>
    /// <param name="kernels">Its backend; not owned.</param>
    /// <param name="time">The clock of progress, durations and leases.</param>
    public LocalEngine(IKernels kernels, TimeProvider time)
        : this(new SingleBackend(kernels), time)
    {
    }

    /// <summary>Makes one checkpoint, from beginning to end.</summary>
    /// <param name="options">What to do; one target.</param>
    /// <param name="progress">Hears how far each stage is, from any thread, one call at a time.</param>
    /// <param name="cancellation">Stops the run at the next safe point; what was made is kept beside the output.</param>
    /// <exception cref="ArgumentException">The options have several targets.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There are too few samples, or they are too short or too long.</exception>
    /// <exception cref="InvalidRecipeException">The recipe makes no sense, or names what the model does not have.</exception>
    /// <exception cref="OutputDirectoryException">The output folder holds something.</exception>
    /// <exception cref="ResumeException">An interrupted run beside the output does not fit, or is at work.</exception>
    /// <exception cref="ArtifactStoreException">The store does not do its work.</exception>
    /// <exception cref="RunInterruptedException">The run was stopped.</exception>
    public QuantizeResult Quantize(QuantizeOptions options, IProgress<StageProgress> progress, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Targets is not [QuantizeTarget target])
        {
            throw new ArgumentException("expected one target; begin a run for several", nameof(options));
        }

        using LocalRun run = Begin(options, progress, cancellation);
        QuantizeResult result = run.Quantize(target, progress, cancellation);
        run.Complete();
        return result;
    }

    /// <summary>Begins a run of one or several checkpoints: checks everything and takes the work folder.</summary>
    /// <param name="options">What to do.</param>
    /// <param name="progress">Hears that it prepares.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are too few samples, or they are too short or too long.</exception>
    /// <exception cref="InvalidRecipeException">A recipe makes no sense, or names what the model does not have.</exception>
    /// <exception cref="OutputDirectoryException">An output folder holds something.</exception>
    /// <exception cref="ResumeException">An interrupted run beside the output does not fit, or is at work.</exception>
    /// <exception cref="ArtifactStoreException">The store cannot be opened.</exception>
    public LocalRun Begin(QuantizeOptions options, IProgress<StageProgress> progress, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(progress);
        ArgumentOutOfRangeException.ThrowIfZero(options.Targets.Length, nameof(options));
        progress.Report(new StageProgress(Stages.Prepare, 0, 1, "steps"));
        cancellation.ThrowIfCancellationRequested();
        return LocalRun.Begin(options, backends, time, cancellation);
    }

    /// <summary>Refuses a place at which a run cannot write: it holds something, or somebody else's folder is in the way beside it.</summary>
    /// <param name="outputPath">Folder to write.</param>
    /// <exception cref="OutputDirectoryException">Names what is there and the next step.</exception>
    public static void EnsureOutputIsFree(string outputPath)
    {
        QuantizedCheckpointWriter.EnsureFree(outputPath);
        WorkFolder.EnsureOurs(outputPath);
    }

    /// <summary>Whether an interrupted run left something beside an output, with which the same run can go on.</summary>
    /// <param name="outputPath">The output.</param>
    public static bool HasInterruptedRun(string outputPath) => WorkFolder.IsLeft(outputPath);

    /// <summary>Bytes that an interrupted run left beside an output; 0 where there is none.</summary>
    /// <param name="outputPath">The output.</param>
    public static long InterruptedBytes(string outputPath) => WorkFolder.IsLeft(outputPath)
        ? Directory.EnumerateFiles(WorkFolder.Beside(outputPath), "*", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length)
        : 0;
}
