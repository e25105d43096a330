using System.Globalization;
using MambaQuant.Grains.Hosting;

namespace MambaQuant.Grains.Placement;

/// <summary>What silos say of themselves in their metadata, which never changes while they run.</summary>
internal static class SlotMetadata
{
    /// <summary>Names of the devices, separated by commas.</summary>
    public const string Devices = "mambaquant.devices";

    /// <summary>Memory of each slot in bytes, in the order of the devices.</summary>
    public const string Memory = "mambaquant.memory";

    /// <summary>The numerics profile of each slot's kernels, in the order of the devices.</summary>
    public const string Profiles = "mambaquant.profiles";

    /// <summary>Whether the silo ends when nobody wants its slots.</summary>
    public const string EndsWhenIdle = "mambaquant.ends-when-idle";

    // No character of a numerics profile, which is a path of words.
    private const char Between = ',';

    /// <summary>What a silo says.</summary>
    /// <param name="options">The silo.</param>
    public static Dictionary<string, string> Of(MambaQuantSiloOptions options) => new(StringComparer.Ordinal)
    {
        [Devices] = string.Join(Between, options.Slots.Select(slot => slot.Device)),
        [Memory] = string.Join(Between, options.Slots.Select(slot => slot.MemoryBytes.ToString(CultureInfo.InvariantCulture))),
        [Profiles] = string.Join(Between, options.Slots.Select((_, place) => options.Backends.Of(place).Profile)),
        [EndsWhenIdle] = options.EndsWhenIdle ? bool.TrueString : bool.FalseString,
    };

    /// <summary>Whether a silo has a device with what is needed of it, or has not said yet what it has.</summary>
    /// <param name="metadata">What it said.</param>
    /// <param name="device">Name of the device.</param>
    /// <param name="needs">What is needed.</param>
    public static bool MayHave(IReadOnlyDictionary<string, string> metadata, string device, SlotNeeds needs)
    {
        if (!metadata.TryGetValue(Devices, out string? devices))
        {
            return true;
        }

        int place = Array.IndexOf(devices.Split(Between), device);
        return place >= 0
            && needs.MemoryBytes <= (long.TryParse(Find(metadata, Memory, place), CultureInfo.InvariantCulture, out long memory) ? memory : 0)
            && (needs.Profile is null || needs.Profile == Find(metadata, Profiles, place));
    }

    /// <summary>How well a silo keeps a job: 0 for one without slots, which is there for nothing else; 3 for one that may end at any moment.</summary>
    /// <param name="metadata">What it said; empty where it has just joined.</param>
    public static int Transience(IReadOnlyDictionary<string, string> metadata) =>
        !metadata.TryGetValue(EndsWhenIdle, out string? ends) ? 2
        : ends == bool.TrueString ? 3
        : metadata.GetValueOrDefault(Devices, string.Empty).Length > 0 ? 1 : 0;

    private static string? Find(IReadOnlyDictionary<string, string> metadata, string name, int place) =>
        metadata.TryGetValue(name, out string? values) ? values.Split(Between).ElementAtOrDefault(place) : null;
}
