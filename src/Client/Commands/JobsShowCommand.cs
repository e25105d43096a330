using System.CommandLine;
using MambaQuant.Client.Jobs;
using MambaQuant.Client.Output;
using MambaQuant.Client.Submitting;
using MambaQuant.Pipeline.Artifacts;

namespace MambaQuant.Client.Commands;

/// <summary><c>jobs show</c>: how does a job stand, and what did it take?</summary>
internal sealed class JobsShowCommand : VerbCommand
{
    private static readonly Argument<string> Job = new("JOB") { Description = "Identity of the job, or enough of its first digits." };

    private static readonly Option<bool> AsksCluster = SharedOptions.AsksCluster();

    private static readonly ClusterOptions Cluster = new();

    private static readonly Option<OutputFormat> Format = SharedOptions.Format();

    /// <summary>Makes the verb.</summary>
    public JobsShowCommand()
        : base("show", "Shows a job: its items by kind, what was repeated, what it took.")
    {
        Arguments.Add(Job);
        Options.Add(AsksCluster);
        Cluster.AddTo(this);
        Options.Add(Format);
    }

    /// <inheritdoc/>
    public override int Run(ParseResult parse, CommandContext context)
    {
        ClusterSettings settings = Cluster.Read(parse, context);
        if (parse.GetValue(AsksCluster) || Cluster.NameACluster(parse))
        {
            return ClusterVerbs.Show(parse.GetRequiredValue(Job), settings, parse.GetValue(Format), context);
        }

        IArtifactStore store = JobStore.Open(settings.RequireStore(), context.Cancellation);
        JobDetails details = JobDetails.Read(store, JobStore.Find(store, parse.GetRequiredValue(Job), context.Cancellation), context.Cancellation);
        if (parse.GetValue(Format) == OutputFormat.Json)
        {
            JsonOutput.Write(context.Output, details, ClientJson.Default.JobDetails);
        }
        else
        {
            details.Write(context.Output);
        }

        return ExitCodes.Success;
    }
}
