namespace MambaQuant.Pipeline.Local;

/// <summary>How a job ended under an <see cref="IJobDriver"/>.</summary>
/// <param name="Counts">What it took.</param>
/// <param name="Failure">Why it failed; null where it finished.</param>
public sealed record DrivenJob(JobCounts Counts, Exception? Failure)
{
    /// <summary>Whether the same job would fail in the same way, so that nothing of it is worth keeping.</summary>
    /// <value>False by default.</value>
    public bool FailsAgain { get; init; }

    /// <summary>How fast the float model was evaluated; null where it was not, or nobody measured it.</summary>
    public EvaluationSpeed? FloatSpeed { get; init; }

    /// <summary>How fast the checkpoint was evaluated; null where it was not, or nobody measured it.</summary>
    public EvaluationSpeed? QuantizedSpeed { get; init; }
}
