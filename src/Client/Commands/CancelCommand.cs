using System.CommandLine;

namespace MambaQuant.Client.Commands;

/// <summary><c>cancel</c>: stops a job of a cluster.</summary>
internal sealed class CancelCommand : VerbCommand
{
    private static readonly Argument<string> Job = new("JOB") { Description = "Identity of the job, or enough of its first digits." };

    private static readonly Option<OutputFormat> Format = SharedOptions.Format();

    private static readonly ClusterOptions Cluster = new();

    /// <summary>Makes the verb.</summary>
    public CancelCommand()
        : base("cancel", "Stops a job of a cluster; what is done stays done, and submitting it again goes on from there.")
    {
        Arguments.Add(Job);
        Cluster.AddTo(this);
        Options.Add(Format);
    }

    /// <inheritdoc/>
    public override int Run(ParseResult parse, CommandContext context) =>
        ClusterVerbs.Cancel(parse.GetRequiredValue(Job), Cluster.Read(parse, context), parse.GetValue(Format), context);
}
