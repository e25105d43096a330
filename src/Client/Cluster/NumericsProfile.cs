using System.Collections.Immutable;
using MambaQuant.Grains.Contracts;

namespace MambaQuant.Client.Cluster;

/// <summary>Chooses the numerics profile that a job is planned for.</summary>
internal static class NumericsProfile
{
    /// <summary>The profile of most slots; the first by name where as many have another.</summary>
    /// <param name="slots">The cluster's slots: one at least.</param>
    /// <param name="say">Hears which one it is where slots differ.</param>
    public static string Choose(ImmutableArray<SlotDescription> slots, Action<string> say)
    {
        (string Profile, int Count)[] profiles =
            [.. slots.GroupBy(slot => slot.Profile, (profile, all) => (profile, all.Count())).OrderByDescending(one => one.Item2).ThenBy(one => one.profile, StringComparer.Ordinal)];
        if (profiles.Length > 1)
        {
            say($"slots have several numerics profiles ({string.Join(", ", profiles.Select(one => $"{one.Profile}: {one.Count}"))}): the job is for {profiles[0].Profile}, others will not work on it; --profile chooses another");
        }

        return profiles[0].Profile;
    }
}
