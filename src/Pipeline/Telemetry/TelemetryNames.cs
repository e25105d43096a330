namespace MambaQuant.Pipeline.Telemetry;

/// <summary>Names of everything that the program measures and traces, as docs/telemetry.md lists them.</summary>
public static class TelemetryNames
{
    /// <summary>Name of the meter and of the source of spans.</summary>
    public const string Source = "MambaQuant";

    /// <summary>Counter: tokens that ran through a layer in a calibration pass.</summary>
    public const string CalibrationTokens = "ptq.calibration.tokens";

    /// <summary>Counter: tokens that ran through a layer, or the head, in an evaluation.</summary>
    public const string EvaluationTokens = "ptq.evaluation.tokens";

    /// <summary>Jobs that are driven here.</summary>
    public const string Jobs = "ptq.jobs";

    /// <summary>Items of running jobs by stage and state.</summary>
    public const string Items = "ptq.items";

    /// <summary>Histogram: seconds from the beginning of a stage's first item to the end of its last.</summary>
    public const string StageDuration = "ptq.stage.duration";

    /// <summary>Histogram: seconds of an attempt at an item.</summary>
    public const string ItemDuration = "ptq.item.duration";

    /// <summary>Counter: attempts that ended without a result, so that the item is given out again.</summary>
    public const string ItemRetries = "ptq.item.retries";

    /// <summary>Counter: leases whose holder was lost.</summary>
    public const string LeasesLost = "ptq.leases.lost";

    /// <summary>Items that wait for a worker.</summary>
    public const string QueueDepth = "ptq.queue.depth";

    /// <summary>Workers by what they do.</summary>
    public const string Workers = "ptq.workers";

    /// <summary>Counter: seconds of workers by what they did.</summary>
    public const string WorkerTime = "ptq.worker.time";

    /// <summary>Gauge: the share of their time that workers were busy since the last look.</summary>
    public const string WorkerUtilization = "ptq.worker.utilization";

    /// <summary>Counter: bytes to and from the store.</summary>
    public const string StoreIo = "ptq.store.io";

    /// <summary>Histogram: seconds of a call to the store.</summary>
    public const string StoreDuration = "ptq.store.operation.duration";

    /// <summary>Counter: requests to the store, or transfers, that were repeated.</summary>
    public const string StoreRetries = "ptq.store.retries";

    /// <summary>Histogram: signal to quantization noise of a module's weights, in dB.</summary>
    public const string QuantizationSqnr = "ptq.quantization.sqnr";

    /// <summary>Gauge: the share of the time in which a GPU was busy.</summary>
    public const string GpuUtilization = "hw.gpu.utilization";

    /// <summary>Memory of a GPU that is taken.</summary>
    public const string GpuMemoryUsage = "hw.gpu.memory.usage";

    /// <summary>Memory of a GPU in all.</summary>
    public const string GpuMemoryLimit = "hw.gpu.memory.limit";

    /// <summary>Attribute: number of a GPU in its machine.</summary>
    public const string HardwareId = "hw.id";

    /// <summary>Attribute: model of a GPU.</summary>
    public const string HardwareName = "hw.name";

    /// <summary>Attribute: what kind of item, in lower case with underscores, such as "observe_original".</summary>
    public const string Stage = "ptq.stage";

    /// <summary>Attribute: how an item stands, as <see cref="Scheduling.ItemStatus"/> says, in lower case.</summary>
    public const string ItemState = "ptq.item.state";

    /// <summary>Attribute: how an attempt ended: "done", "reused", "released" or "failed".</summary>
    public const string ItemOutcome = "ptq.item.outcome";

    /// <summary>Attribute: why an attempt ended without a result, as <see cref="Scheduling.ReturnReason"/> says, in lower case with underscores.</summary>
    public const string ReturnReason = "ptq.return.reason";

    /// <summary>Attribute: "busy" or "idle".</summary>
    public const string WorkerState = "ptq.worker.state";

    /// <summary>Attribute: "head", "read", "put", "list" or "delete".</summary>
    public const string StoreOperation = "ptq.store.operation";

    /// <summary>Attribute: "read" or "write".</summary>
    public const string StoreDirection = "ptq.store.io.direction";

    /// <summary>Attribute: kind of module, such as "in_proj".</summary>
    public const string ModuleType = "ptq.module_type";

    /// <summary>Attribute: bits of a weight.</summary>
    public const string WeightBits = "ptq.weight.bits";

    /// <summary>Attribute, only where something failed: the type of the exception.</summary>
    public const string ErrorType = "error.type";

    /// <summary>Attribute of spans: identity of the job.</summary>
    public const string Job = "ptq.job.id";

    /// <summary>Attribute of spans: items of the job.</summary>
    public const string ItemTotal = "ptq.job.items";

    /// <summary>Attribute of spans: index of the item in the plan.</summary>
    public const string Item = "ptq.item.index";

    /// <summary>Attribute of spans: number of the attempt.</summary>
    public const string Attempt = "ptq.item.attempt";

    /// <summary>Attribute of spans: the item's first layer.</summary>
    public const string Layer = "ptq.layer";

    /// <summary>Attribute of spans: the item's shard.</summary>
    public const string Shard = "ptq.shard";

    /// <summary>Attribute of spans: name of the artifact in the store.</summary>
    public const string Artifact = "ptq.artifact";

    /// <summary>Attribute of spans: bytes that were moved.</summary>
    public const string Bytes = "ptq.store.bytes";

    /// <summary>Attribute of spans: the verb of the command line.</summary>
    public const string Command = "ptq.command";

    /// <summary>Span: a call of the command line.</summary>
    public const string CommandSpan = "command";

    /// <summary>Span: a job, as long as somebody drives it.</summary>
    public const string JobSpan = "job";

    /// <summary>Span: a stage of a job; followed by its name.</summary>
    public const string StageSpan = "stage";

    /// <summary>Span: an attempt at an item; followed by the name of its stage.</summary>
    public const string ItemSpan = "item";

    /// <summary>Span: a call to the store; followed by the operation.</summary>
    public const string StoreSpan = "store";

    /// <summary>The name of something of an enumeration as an attribute's value: "ObserveOriginal" becomes "observe_original".</summary>
    /// <param name="name">The name.</param>
    public static string Lower(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return string.Concat(name.Select((letter, index) => (char.IsAsciiLetterUpper(letter) && index > 0 ? "_" : "") + char.ToLowerInvariant(letter)));
    }
}
