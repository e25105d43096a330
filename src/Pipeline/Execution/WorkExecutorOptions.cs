using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Quant.Datasets;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Safetensors;

namespace MambaQuant.Pipeline.Execution;

/// <summary>What a worker works with.</summary>
public sealed record WorkExecutorOptions
{
    /// <summary>The job.</summary>
    public required WorkPlan Plan { get; init; }

    /// <summary>The store; not owned.</summary>
    public required IArtifactStore Store { get; init; }

    /// <summary>The backend; not owned. Its profile must be the plan's.</summary>
    public required IKernels Kernels { get; init; }

    /// <summary>Files of the float checkpoint, of which the plan has the hashes: a <see cref="ModelFolder"/>, compared with them, or what the store keeps.</summary>
    public required IModelFiles Model { get; init; }

    /// <summary>A folder of this worker alone for files on their way to and from the store.</summary>
    public required string ScratchPath { get; init; }

    /// <summary>Where the checkpoint goes; null for a worker that never assembles.</summary>
    public ICheckpointSink? Sink { get; init; }

    /// <summary>Opens the calibration text; null where the model samples itself, or the sequences are given.</summary>
    public Func<IByteSource>? Text { get; init; }

    /// <summary>Opens the text to evaluate on; null for a worker that tokenizes none.</summary>
    public Func<IByteSource>? EvaluationText { get; init; }

    /// <summary>Sequences that were made before, where the plan says so.</summary>
    public CalibrationSet? Sequences { get; init; }

    /// <summary>Hashes of files, to compare model and text with the plan; one for all workers of a process spares them reading a model again.</summary>
    /// <value>The worker's own by default.</value>
    public FileHashes Hashes { get; init; } = new();

    /// <summary>Bytes that the worker keeps between items.</summary>
    /// <value>1 GiB by default; 0 keeps nothing.</value>
    public long CacheBytes { get; init; } = 1L << 30;

    /// <summary>Layers between two progress checkpoints of a pass.</summary>
    /// <value>Null by default: <see cref="ProgressRule"/> says. 0 for none.</value>
    public int? ProgressLayers { get; init; }
}
