using System.CommandLine;
using MambaQuant.Client.Jobs;
using MambaQuant.Client.Output;
using MambaQuant.Client.Submitting;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Planning;

namespace MambaQuant.Client.Commands;

/// <summary><c>jobs list</c>: which jobs does a store know?</summary>
internal sealed class JobsListCommand : VerbCommand
{
    private static readonly Option<bool> AsksCluster = SharedOptions.AsksCluster();

    private static readonly ClusterOptions Cluster = new();

    private static readonly Option<OutputFormat> Format = SharedOptions.Format();

    /// <summary>Makes the verb.</summary>
    public JobsListCommand()
        : base("list", "Lists the jobs of a store, or of a cluster.")
    {
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
            return ClusterVerbs.List(settings, parse.GetValue(Format), context);
        }

        IArtifactStore store = JobStore.Open(settings.RequireStore(), context.Cancellation);
        JobList list = new(
            store.Description,
            [.. StoredPlans.JobsAsync(store, context.Cancellation).GetAwaiter().GetResult().Select(job => JobReport.Read(store, job, context.Cancellation))]);
        if (parse.GetValue(Format) == OutputFormat.Json)
        {
            JsonOutput.Write(context.Output, list, ClientJson.Default.JobList);
        }
        else
        {
            list.Write(context.Output);
        }

        return ExitCodes.Success;
    }
}
