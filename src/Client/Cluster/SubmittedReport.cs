namespace MambaQuant.Client.Cluster;

/// <summary>A job that was submitted.</summary>
/// <param name="Job">Its identity.</param>
/// <param name="Recipe">Name of the recipe.</param>
/// <param name="Scheme">Name of the scheme.</param>
/// <param name="Items">Items of its plan.</param>
internal sealed record SubmittedReport(string Job, string Recipe, string Scheme, int Items);
