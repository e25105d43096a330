using System.CommandLine;

namespace MambaQuant.Client.Commands;

/// <summary><c>jobs</c>: looks after a store.</summary>
internal sealed class JobsCommand : Command
{
    /// <summary>Makes the verbs.</summary>
    public JobsCommand()
        : base("jobs", "Lists and shows the jobs of a store, and clears it of what no job needs.")
    {
        Add(new JobsListCommand());
        Add(new JobsShowCommand());
        Add(new JobsGcCommand());
    }
}
