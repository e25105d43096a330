using MambaQuant.Grains.Contracts;
using MambaQuant.Pipeline.Inputs;

namespace MambaQuant.Grains.Jobs;

/// <summary>A job as the directory knows it.</summary>
/// <param name="job">Identity of the job.</param>
internal sealed class JobEntry(string job)
{
    private string _name = string.Empty, _model = string.Empty, _recipe = string.Empty, _scheme = string.Empty;

    /// <summary>Identity of the job.</summary>
    public string Job => job;

    /// <summary>When it was submitted, in milliseconds since 1970.</summary>
    public long Submitted { get; set; }

    /// <summary>Whether its request was read; before that a job is known from what it told alone.</summary>
    public bool IsRead { get; private set; }

    /// <summary>How often it was asked for again.</summary>
    public int Round { get; set; }

    /// <summary>What it told last; null before it told anything.</summary>
    public JobDemand? Demand { get; set; }

    /// <summary>How it stands.</summary>
    public JobPhase Phase => Demand?.Phase ?? JobPhase.Queued;

    /// <summary>Whether it has come to an end.</summary>
    public bool HasEnded => JobPhases.IsEnd(Phase);

    /// <summary>The job in a list.</summary>
    public JobSummary Summary => new()
    {
        Job = job,
        Name = _name,
        Model = _model,
        Recipe = _recipe,
        Scheme = _scheme,
        Submitted = Submitted,
        Phase = Phase,
        Done = Demand?.Done ?? 0,
        Total = Demand?.Total ?? 0,
        Slots = Demand?.Slots ?? 0,
        Cause = Demand?.Cause ?? string.Empty,
    };

    /// <summary>Takes from a request what a list shows; the places of files stay where they are.</summary>
    /// <param name="request">The request.</param>
    public void Read(JobRequest request)
    {
        (_name, _model, _recipe, _scheme) = (request.Name, request.ModelName ?? string.Empty, request.Recipe ?? string.Empty, request.Scheme ?? string.Empty);
        (Submitted, IsRead) = (request.Order, true);
    }
}
