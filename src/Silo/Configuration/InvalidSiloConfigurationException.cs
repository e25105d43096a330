using System.Collections.Immutable;

namespace MambaQuant.Silo.Configuration;

/// <summary>The configuration of a silo is wrong.</summary>
/// <param name="problems">Every problem, a line each: the setting, what was found, what is expected.</param>
internal sealed class InvalidSiloConfigurationException(ImmutableArray<string> problems)
    : Exception($"the configuration has {problems.Length} problem{(problems.Length == 1 ? "" : "s")}:\n{string.Join('\n', problems.Select(problem => $"  {problem}"))}")
{
    /// <summary>Every problem.</summary>
    public ImmutableArray<string> Problems { get; } = problems;
}
