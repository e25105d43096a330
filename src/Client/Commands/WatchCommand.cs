using System.CommandLine;

namespace MambaQuant.Client.Commands;

/// <summary><c>watch</c>: how far is a job of a cluster, and how does it end?</summary>
internal sealed class WatchCommand : VerbCommand
{
    private static readonly Argument<string> Job = new("JOB") { Description = "Identity of the job, or enough of its first digits." };

    private static readonly Option<string?> Out = new("--out") { Description = "Folder to download the checkpoint to when the job is done, new or empty.", HelpName = "DIR" };

    private static readonly Option<OutputFormat> Format = SharedOptions.Format();

    private static readonly ClusterOptions Cluster = new();

    /// <summary>Makes the verb.</summary>
    public WatchCommand()
        : base("watch", "Shows how far a job of a cluster is until it ends, and exits with its code.")
    {
        Arguments.Add(Job);
        Options.Add(Out);
        Cluster.AddTo(this);
        Options.Add(Format);
    }

    /// <inheritdoc/>
    public override bool IsMeasured => true;

    /// <inheritdoc/>
    public override int Run(ParseResult parse, CommandContext context) =>
        ClusterVerbs.Watch(parse.GetRequiredValue(Job), parse.GetValue(Out), Cluster.Read(parse, context), parse.GetValue(Format), context);
}
