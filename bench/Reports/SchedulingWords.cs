namespace MambaQuant.Reports;

/// <summary>What the tables of the scheduling report show, in words.</summary>
internal static class SchedulingWords
{
    /// <summary>Of the large job.</summary>
    public const string Large = "WORDS\n\n";

    /// <summary>Of lost nodes.</summary>
    public const string Losses = "WORDS\n\n";

    /// <summary>Of the small job.</summary>
    public const string Small = "WORDS\n";
}
