using MambaQuant.Pipeline.Driving;

namespace MambaQuant.Pipeline.Tests.Local;

/// <summary>Does something at every step of a run.</summary>
/// <param name="jump">What.</param>
internal sealed class Jumps(Action jump) : IProgress<StageProgress>
{
    public void Report(StageProgress value) => jump();
}
