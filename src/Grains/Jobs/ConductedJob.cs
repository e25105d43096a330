using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Planning;

namespace MambaQuant.Grains.Jobs;

/// <summary>A job as its conductor needs it.</summary>
/// <param name="Id">Its identity.</param>
/// <param name="Graph">Its work.</param>
/// <param name="Profile">The numerics profile that a slot must offer.</param>
/// <param name="Board">Hears what happens; null for nobody.</param>
internal sealed record ConductedJob(string Id, WorkGraph Graph, string Profile, JobBoard? Board);
