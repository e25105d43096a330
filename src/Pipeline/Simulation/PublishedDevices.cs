using System.Collections.Immutable;

namespace MambaQuant.Pipeline.Simulation;

/// <summary>Devices whose published rates the simulator knows.</summary>
public static class PublishedDevices
{
    private const long Gigabyte = 1_000_000_000;

    /// <summary>All of them, by name.</summary>
    public static ImmutableArray<PublishedDevice> All { get; } =
    [
        new("a10", 31.2e12, 600e9, 24 * Gigabyte, "NVIDIA A10 Tensor Core GPU datasheet"),
        new("a100", 19.5e12, 2_039e9, 80 * Gigabyte, "NVIDIA A100 Tensor Core GPU datasheet, column A100 80GB SXM"),
        new("h100", 67e12, 3_350e9, 80 * Gigabyte, "NVIDIA H100 Tensor Core GPU datasheet, column H100 SXM"),
        new("h200", 67e12, 4_800e9, 141 * Gigabyte, "NVIDIA H200 Tensor Core GPU datasheet, column H200 SXM"),
        new("l4", 30.3e12, 300e9, 24 * Gigabyte, "NVIDIA L4 Tensor Core GPU datasheet"),
        new("l40s", 91.6e12, 864e9, 48 * Gigabyte, "NVIDIA L40S GPU datasheet"),
        new("t4", 8.1e12, 320e9, 16 * Gigabyte, "NVIDIA T4 Tensor Core GPU datasheet"),
        new("v100", 15.7e12, 900e9, 32 * Gigabyte, "NVIDIA V100 Tensor Core GPU datasheet, column SXM2"),
    ];

    /// <summary>A device by its name.</summary>
    /// <param name="name">The name, in any case.</param>
    /// <returns>Null where there is none of that name.</returns>
    public static PublishedDevice? Find(string name) => All.FirstOrDefault(device => device.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
}
