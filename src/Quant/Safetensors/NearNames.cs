namespace MambaQuant.Quant.Safetensors;

/// <summary>Finds names that a missing one may have been meant to be.</summary>
internal static class NearNames
{
    /// <summary>The closest names by edit distance, if they differ in at most a third of their letters.</summary>
    /// <param name="name">The name that is missing.</param>
    /// <param name="candidates">The names that exist.</param>
    /// <param name="count">How many to give at most.</param>
    /// <returns>The closest first; ties in ordinal order.</returns>
    public static IReadOnlyList<string> Find(string name, IEnumerable<string> candidates, int count) =>
        [.. candidates
            .Select(candidate => (Candidate: candidate, Distance: EditDistance(name, candidate)))
            .Where(pair => pair.Distance * 3 <= Math.Max(name.Length, pair.Candidate.Length))
            .OrderBy(pair => pair.Distance)
            .ThenBy(pair => pair.Candidate, StringComparer.Ordinal)
            .Take(count)
            .Select(pair => pair.Candidate)];

    // Insertions, deletions and replacements; one row of the table is enough.
    private static int EditDistance(string from, string to)
    {
        // Names of hostile length would take quadratic time and help nobody.
        const int Longest = 300;
        if (from.Length > Longest || to.Length > Longest)
        {
            return int.MaxValue / 4;
        }

        var row = new int[to.Length + 1];
        for (int j = 0; j <= to.Length; j++)
        {
            row[j] = j;
        }

        for (int i = 1; i <= from.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.Length; j++)
            {
                int replaced = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, 1 + Math.Min(row[j - 1], row[j]));
            }
        }

        return row[^1];
    }
}
