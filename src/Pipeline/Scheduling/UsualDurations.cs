using System.Collections.Immutable;
using MambaQuant.Pipeline.Planning;

namespace MambaQuant.Pipeline.Scheduling;

/// <summary>How long items really take, as a multiple of their nominal seconds: the last few of each kind; immutable.</summary>
internal sealed class UsualDurations
{
    private const int Kept = 32;
    private const int Enough = 3;

    private readonly ImmutableSortedDictionary<WorkKind, ImmutableArray<double>> _ratios;

    private UsualDurations(ImmutableSortedDictionary<WorkKind, ImmutableArray<double>> ratios) => _ratios = ratios;

    public static UsualDurations None { get; } = new(ImmutableSortedDictionary<WorkKind, ImmutableArray<double>>.Empty);

    /// <summary>All that is kept, oldest first.</summary>
    public ImmutableSortedDictionary<WorkKind, ImmutableArray<double>> Ratios => _ratios;

    public static UsualDurations Of(ImmutableSortedDictionary<WorkKind, ImmutableArray<double>> ratios) => new(ratios);

    public UsualDurations Add(WorkKind kind, double nominalSeconds, long milliseconds)
    {
        ImmutableArray<double> old = _ratios.GetValueOrDefault(kind, []);
        double ratio = milliseconds / nominalSeconds;
        return new UsualDurations(_ratios.SetItem(kind, old.Length < Kept ? old.Add(ratio) : old.RemoveAt(0).Add(ratio)));
    }

    /// <summary>
    /// Milliseconds that a nominal second of a kind usually takes; by all kinds together where too few of the kind ended; null where nothing
    /// is known.
    /// </summary>
    public double? Ratio(WorkKind kind)
    {
        ImmutableArray<double> same = _ratios.GetValueOrDefault(kind, []);
        ImmutableArray<double> known = same.Length >= Enough ? same : [.. _ratios.Values.SelectMany(ratios => ratios)];
        return known.Length < Enough ? null : known.Sort()[known.Length / 2];
    }
}
