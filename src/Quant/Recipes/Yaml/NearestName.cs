namespace MambaQuant.Quant.Recipes.Yaml;

/// <summary>Guesses which known name was meant.</summary>
internal static class NearestName
{
    /// <summary>The known name with the fewest edits from a given one, or null where none is near.</summary>
    /// <param name="name">The name found.</param>
    /// <param name="known">The names to choose from; of equally near ones the first wins.</param>
    /// <remarks>Near: at most two edits or one per three characters, or else part of the known name; case and underscores do not count.</remarks>
    public static string? Find(string name, IReadOnlyCollection<string> known)
    {
        string wanted = Plain(name);
        if (wanted.Length > 64)
        {
            return null;
        }

        string? container = wanted.Length < 3 ? null : known.FirstOrDefault(candidate => Plain(candidate).Contains(wanted, StringComparison.Ordinal));
        (string? nearest, int edits) = (null, Math.Max(2, wanted.Length / 3) + 1);
        foreach (string candidate in known)
        {
            int distance = Edits(wanted, Plain(candidate));
            if (distance < edits)
            {
                (nearest, edits) = (candidate, distance);
            }
        }

        return nearest ?? container;
    }

    private static string Plain(string name) => name.Replace("_", string.Empty, StringComparison.Ordinal).ToUpperInvariant();

    private static int Edits(string left, string right)
    {
        int[] above = [.. Enumerable.Range(0, right.Length + 1)];
        for (int i = 1; i <= left.Length; i++)
        {
            int[] row = new int[right.Length + 1];
            row[0] = i;
            for (int j = 1; j <= right.Length; j++)
            {
                int replaced = above[j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
                row[j] = Math.Min(replaced, Math.Min(above[j], row[j - 1]) + 1);
            }

            above = row;
        }

        return above[^1];
    }
}
