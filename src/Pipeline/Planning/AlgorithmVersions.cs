using System.Collections.Immutable;

namespace MambaQuant.Pipeline.Planning;

/// <summary>Versions of what items do: one goes up with every change that can change a byte of what its kind makes.</summary>
/// <remarks>No other version stands in a key, neither the program's nor that of .NET: see docs/decisions/versions-in-keys.md.</remarks>
public sealed record AlgorithmVersions
{
    private readonly ImmutableSortedDictionary<WorkKind, int> _raised = ImmutableSortedDictionary<WorkKind, int>.Empty;

    private AlgorithmVersions()
    {
    }

    private AlgorithmVersions(ImmutableSortedDictionary<WorkKind, int> raised)
    {
        _raised = raised;
    }

    /// <summary>The versions of this program.</summary>
    /// <remarks>
    /// ResidualRotation, Transform, Quantize, Assemble: 2 with pictures beside what was made before, and pictures.json in the checkpoint.
    /// Whatever runs a model: 2 with the scan's exponential as a power of two.
    /// </remarks>
    public static AlgorithmVersions Current { get; } = new AlgorithmVersions()
        .With(WorkKind.Tokenize, 2)
        .With(WorkKind.ObserveOriginal, 2)
        .With(WorkKind.ObserveRanges, 2)
        .With(WorkKind.ObserveMoments, 2)
        .With(WorkKind.ObserveRotated, 2)
        .With(WorkKind.SearchSmoothing, 2)
        .With(WorkKind.ObserveTransformed, 2)
        .With(WorkKind.EvaluateFloat, 2)
        .With(WorkKind.Evaluate, 2)
        .With(WorkKind.ResidualRotation, 2)
        .With(WorkKind.Transform, 2)
        .With(WorkKind.Quantize, 2)
        .With(WorkKind.Assemble, 2);

    /// <summary>The version of a kind; 1 where it never changed.</summary>
    /// <param name="kind">The kind.</param>
    public int Of(WorkKind kind) => _raised.GetValueOrDefault(kind, 1);

    /// <summary>The same with one version set, as a changed program has it.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="version">Its version.</param>
    public AlgorithmVersions With(WorkKind kind, int version) => new(_raised.SetItem(kind, version));

    /// <summary>Whether two programs do the same.</summary>
    /// <param name="other">The other versions.</param>
    public bool Equals(AlgorithmVersions? other) => other is not null && Enum.GetValues<WorkKind>().All(kind => Of(kind) == other.Of(kind));

    /// <inheritdoc/>
    public override int GetHashCode() => Enum.GetValues<WorkKind>().Aggregate(0, (hash, kind) => HashCode.Combine(hash, Of(kind)));
}
