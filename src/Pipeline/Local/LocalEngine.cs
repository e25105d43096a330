using System.Collections.Immutable;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Datasets;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Method;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Recipes;
using MambaQuant.Quant.Rotations;
using MambaQuant.Quant.Smoothing;
using MambaQuant.Quant.Statistics;

namespace MambaQuant.Pipeline.Local;

/// <summary>Quantizes a model in this process: a plain loop over the stages, one layer in memory at a time.</summary>
/// <remarks>The same inputs give the same files whatever the number of threads; only run.json tells times, host and paths.</remarks>
/// <param name="kernels">The backend; not owned.</param>
/// <param name="time">The clock of progress and durations.</param>
public sealed class LocalEngine(IKernels kernels, TimeProvider time)
{
    /// <summary>Runs the job.</summary>
    /// <param name="options">What to do.</param>
    /// <param name="progress">Hears how far each stage is, from this thread.</param>
    /// <param name="cancellation">Stops the run at the next safe point; nothing is left behind.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are too few samples, or they are too short or too long.</exception>
    /// <exception cref="InvalidRecipeException">The recipe makes no sense, or names what the model does not have.</exception>
    /// <exception cref="OutputDirectoryException">The output folder holds something.</exception>
    /// <exception cref="OperationCanceledException">The run was stopped.</exception>
    public QuantizeResult Quantize(QuantizeOptions options, IProgress<StageProgress> progress, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Calibration.ThrowIfInvalid();
        var clock = new StageClock(progress, time);
        clock.Report(Stages.Prepare, 0, 1, "steps");
        RecipeValidator.ThrowIfInvalid(options.Recipe);
        using MambaCheckpoint checkpoint = MambaCheckpoint.Open(options.ModelPath);
        var context = new MethodContext(kernels, checkpoint, options.Recipe) { Cancellation = cancellation };
        ArgumentOutOfRangeException.ThrowIfGreaterThan(
            options.Calibration.SequenceLength, options.Calibration.LongestSequence(context.Config, options.Recipe), nameof(options));
        using var writer = new QuantizedCheckpointWriter(options.OutputPath, checkpoint);
        using ScratchFolder scratch = ScratchFolder.Beside(options.OutputPath);
        bool calibrates = ObservationPlans.IsNeeded(ObservationPlans.Original(options.Recipe, context.Family))
            || ObservationPlans.IsNeeded(ObservationPlans.Transformed(options.Recipe, context.Family));
        clock.Report(Stages.Prepare, 1, 1, "steps");
        CalibrationSet? calibration = calibrates
            ? options.Sequences ?? Prepare(checkpoint, options.Calibration, clock, cancellation)
            : null;
        var run = new Run
        {
            Context = context,
            Calibration = calibration,
            SearchSequences = Math.Min(options.Calibration.SearchSamples, calibration?.Sequences.Count ?? 0),
            Scratch = scratch,
            Clock = clock,
        };
        if (context.Searches && run.SearchSequences < 2)
        {
            throw new ArgumentException("a smoothing search needs two sequences at least, one for ranges and one for errors", nameof(options));
        }

        (CheckpointReport report, ImmutableArray<ImmutableArray<SmoothingChoice>> smoothing) = Run(run, writer);
        long writtenBytes = Complete(run, options, writer, report);
        return new QuantizeResult
        {
            OutputPath = options.OutputPath,
            FloatBytes = checkpoint.TensorBytes,
            QuantizedBytes = writtenBytes,
            CalibrationTokens = calibration?.TokenCount ?? 0,
            Smoothing = smoothing,
            Durations = clock.Durations,
        };
    }

    /// <summary>Refuses a place at which a run cannot write: it holds something, or somebody else's folder is in the way beside it.</summary>
    /// <param name="outputPath">Folder to write.</param>
    /// <exception cref="OutputDirectoryException">Names what is there and the next step.</exception>
    public static void EnsureOutputIsFree(string outputPath)
    {
        QuantizedCheckpointWriter.EnsureFree(outputPath);
        ScratchFolder.EnsureOurs(outputPath);
    }

    /// <summary>Makes the calibration sequences of a run, so that several runs can share them.</summary>
    /// <param name="modelPath">Folder of the float checkpoint.</param>
    /// <param name="options">Source, number, length, seed.</param>
    /// <param name="progress">Hears how far it is, from this thread.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are too few samples, or they are too short.</exception>
    /// <exception cref="InsufficientTextException">The text has too few tokens.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public CalibrationSet PrepareCalibration(
        string modelPath, CalibrationOptions options, IProgress<StageProgress> progress, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.ThrowIfInvalid();
        using MambaCheckpoint checkpoint = MambaCheckpoint.Open(modelPath);
        return Prepare(checkpoint, options, new StageClock(progress, time), cancellation);
    }

    private CalibrationSet Prepare(MambaCheckpoint checkpoint, CalibrationOptions options, StageClock clock, CancellationToken cancellation)
    {
        long tokens = (long)options.Samples * options.SequenceLength;
        return CalibrationText.Prepare(kernels, checkpoint, options, done => clock.Report(Stages.SampleSelf, done, tokens, "tokens"), cancellation);
    }

    /// <summary>The stages between reading and writing.</summary>
    private static (CheckpointReport Report, ImmutableArray<ImmutableArray<SmoothingChoice>> Smoothing) Run(Run run, QuantizedCheckpointWriter writer)
    {
        SecondMoment? pooled = OriginalPass.Observe(run);
        Rotation? residual = ResidualRotation(run, pooled);
        using Quant.Tensors.Tensor norm = run.Context.Checkpoint.LoadFinalNorm(run.Kernels);
        using EndsFolder? folder = residual is null ? null : new EndsFolder(run.Kernels, residual, norm);

        var reports = ImmutableArray.CreateBuilder<LayerReport>(run.Config.LayerCount);
        var smoothing = ImmutableArray.CreateBuilder<ImmutableArray<SmoothingChoice>>(run.Config.LayerCount);
        LayerStatistics? head = new TransformedPass(run, residual, folder).Run(outcome =>
        {
            writer.AddLayer(run.Kernels, outcome.Quantized);
            reports.Add(CheckpointReports.OfLayer(run.Context, outcome));
            smoothing.Add(outcome.Smoothing);
        });

        run.Clock.Report(Stages.Assemble, 0, 1, "checkpoints");
        LayerStatistics? original = run.Scratch.ReadOriginalStatistics(run.Config.LayerCount);
        (QuantizedEnds ends, LayerQuantizationReport endsReport) = EndsStage.Quantize(run.Context, residual, folder, original, head);
        using QuantizedEnds owned = ends;
        writer.AddEnds(run.Kernels, ends);
        CheckpointReport report = CheckpointReports.OfModel(
            run.Context, writer.TensorBytes, CheckpointReports.OfEnds(endsReport, original), reports.DrainToImmutable());
        return (report, smoothing.DrainToImmutable());
    }

    private static Rotation? ResidualRotation(Run run, SecondMoment? pooled)
    {
        if (run.Context.Recipe.RotationAt(RotationSite.ResidualStream) is null)
        {
            return null;
        }

        run.Clock.Report(Stages.ResidualRotation, 0, 1, "rotations");
        Rotation? rotation = LayerTransforms.ResidualRotation(run.Context, pooled);
        run.Clock.Report(Stages.ResidualRotation, 1, 1, "rotations");
        return rotation;
    }

    private long Complete(Run run, QuantizeOptions options, QuantizedCheckpointWriter writer, CheckpointReport report)
    {
        string tokenizer = Path.Combine(run.Context.Checkpoint.Directory, CalibrationText.TokenizerFile);
        bool readText = run.Calibration is not null && options.Calibration.Source != CalibrationOptions.SelfSource;
        IReadOnlyList<WrittenTensor> written = writer.Complete(new QuantizedCheckpointDocuments
        {
            Recipe = RecipeWriter.Write(run.Context.Recipe),
            Report = report,
            Manifest = RunManifests.Of(
                run.Context, run.Calibration, run.Context.Searches ? run.SearchSequences : 0, options.Calibration.Seed, readText ? tokenizer : null),
            Run = RunFile.Write(options, run.Clock.Durations, time),
        });
        run.Clock.Report(Stages.Assemble, 1, 1, "checkpoints");
        return written.Sum(tensor => tensor.SizeBytes);
    }
}
