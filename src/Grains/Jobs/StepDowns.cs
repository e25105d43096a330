using MambaQuant.Grains.Hosting;

namespace MambaQuant.Grains.Jobs;

/// <summary>Jobs that this silo has left to another owner lately: it does not take them back at once, or two owners would shut each other out by turns.</summary>
/// <param name="options">The silo.</param>
/// <param name="time">The clock.</param>
internal sealed class StepDowns(MambaQuantSiloOptions options, TimeProvider time)
{
    private readonly Dictionary<string, long> _at = new(StringComparer.Ordinal);

    /// <summary>This silo leaves a job to another owner.</summary>
    /// <param name="job">The job.</param>
    public void Note(string job)
    {
        lock (_at)
        {
            _at[job] = time.GetTimestamp();
        }
    }

    /// <summary>Whether this silo left the job to another owner a moment ago.</summary>
    /// <param name="job">The job.</param>
    public bool IsRecent(string job)
    {
        lock (_at)
        {
            if (_at.TryGetValue(job, out long at) && time.GetElapsedTime(at) < 2 * options.Announcement)
            {
                return true;
            }

            _at.Remove(job);
            return false;
        }
    }
}
