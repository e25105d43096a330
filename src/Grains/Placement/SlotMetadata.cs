using System.Globalization;
using MambaQuant.Grains.Hosting;

namespace MambaQuant.Grains.Placement;

/// <summary>What silos say of their slots in their metadata.</summary>
internal static class SlotMetadata
{
    /// <summary>Names of the devices, separated by commas.</summary>
    public const string Devices = "mambaquant.devices";

    /// <summary>Memory of each slot in bytes, in the order of the devices.</summary>
    public const string Memory = "mambaquant.memory";

    /// <summary>The numerics profile of the kernels.</summary>
    public const string Profile = "mambaquant.profile";

    /// <summary>What a silo says.</summary>
    /// <param name="options">The silo.</param>
    public static Dictionary<string, string> Of(MambaQuantSiloOptions options) => new(StringComparer.Ordinal)
    {
        [Devices] = string.Join(',', options.Slots.Select(slot => slot.Device)),
        [Memory] = string.Join(',', options.Slots.Select(slot => slot.MemoryBytes.ToString(CultureInfo.InvariantCulture))),
        [Profile] = options.Slots.IsEmpty ? string.Empty : options.Backends.Of(0).Profile,
    };

    /// <summary>Whether a silo has a device, or has not said yet what it has.</summary>
    /// <param name="metadata">What it said.</param>
    /// <param name="device">Name of the device.</param>
    public static bool MayHave(IReadOnlyDictionary<string, string> metadata, string device) =>
        !metadata.TryGetValue(Devices, out string? devices) || devices.Split(',').Contains(device);
}
