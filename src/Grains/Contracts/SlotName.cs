using System.Globalization;

namespace MambaQuant.Grains.Contracts;

/// <summary>Names a slot; "SILO/DEVICE/INCARNATION" as text.</summary>
/// <param name="Silo">Name of the silo.</param>
/// <param name="Device">The device in it, such as "cpu-0" or "gpu-1".</param>
/// <param name="Incarnation">The silo's generation: one that was started anew has another, and its slots are others.</param>
public readonly record struct SlotName(string Silo, string Device, int Incarnation)
{
    /// <summary>Reads a name.</summary>
    /// <param name="text">The text.</param>
    /// <returns>Null where it is no name of a slot.</returns>
    public static SlotName? TryParse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Split('/') is [{ Length: > 0 } silo, { Length: > 0 } device, string number]
            && int.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int incarnation)
            ? new SlotName(silo, device, incarnation)
            : null;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Silo}/{Device}/{Incarnation}");
}
