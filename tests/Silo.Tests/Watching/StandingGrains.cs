using System.Reflection;
using MambaQuant.Grains.Contracts;

namespace MambaQuant.Silo.Tests.Watching;

/// <summary>A cluster without a silo, of which every job gives the same answer whenever it is looked at.</summary>
public class StandingGrains : DispatchProxy
{
    private JobView? _view;

    /// <summary>Grains of which every job stands so.</summary>
    /// <param name="view">How.</param>
    public static IGrainFactory Of(JobView view) => Made<IGrainFactory>(view);

    /// <inheritdoc/>
    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => targetMethod?.Name switch
    {
        nameof(IGrainFactory.GetGrain) => Made<ICalibrationJobGrain>(_view),
        nameof(ICalibrationJobGrain.ViewAsync) => Task.FromResult(_view!),
        _ => throw new NotSupportedException(targetMethod?.Name),
    };

    private static T Made<T>(JobView? view)
        where T : class
    {
        T made = Create<T, StandingGrains>();
        ((StandingGrains)(object)made)._view = view;
        return made;
    }
}
