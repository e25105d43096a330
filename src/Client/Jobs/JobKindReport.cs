using MambaQuant.Pipeline.Planning;

namespace MambaQuant.Client.Jobs;

/// <summary>Items of one kind in a job that was run.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Items">How many there are.</param>
/// <param name="Done">How many are done.</param>
/// <param name="Running">How many somebody works on, as the journal tells.</param>
/// <param name="Attempts">Attempts that ended.</param>
/// <param name="Repeated">Of these, attempts whose result did not count.</param>
/// <param name="Seconds">Seconds of the attempts that counted, all together.</param>
/// <param name="LongestSeconds">Seconds of the longest of them.</param>
internal sealed record JobKindReport(WorkKind Kind, int Items, int Done, int Running, int Attempts, int Repeated, double Seconds, double LongestSeconds);
