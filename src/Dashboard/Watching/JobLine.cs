using MambaQuant.Pipeline.Scheduling;

namespace MambaQuant.Dashboard.Watching;

/// <summary>A job in a list.</summary>
/// <param name="Job">Its identity.</param>
/// <param name="Model">Name of the model.</param>
/// <param name="Recipe">Name of the recipe.</param>
/// <param name="Scheme">Name of the scheme, such as "W4A8".</param>
/// <param name="Status">How it stands; <see cref="JobStatus.Absent"/> where it waits for its turn.</param>
public sealed record JobLine(string Job, string Model, string Recipe, string Scheme, JobStatus Status);
