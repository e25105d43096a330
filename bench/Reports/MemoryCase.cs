using System.CommandLine.Parsing;
using System.Globalization;

namespace MambaQuant.Reports;

/// <summary>One row of the memory report.</summary>
/// <param name="Preset">The preset.</param>
/// <param name="Scheme">The scheme.</param>
/// <param name="Layers">Layers of the synthetic model; null for all of the published one.</param>
internal sealed record MemoryCase(string Preset, string Scheme, int? Layers)
{
    /// <summary>Reads PRESET:SCHEME or PRESET:SCHEME:LAYERS.</summary>
    /// <param name="argument">The words of the option; gets a message for each that is neither.</param>
    public static MemoryCase[] Parse(ArgumentResult argument)
    {
        var cases = new List<MemoryCase>();
        foreach (string word in argument.Tokens.Select(token => token.Value))
        {
            string[] parts = word.Split(':');
            int layers = 0;
            if (parts.Length is 2 || (parts.Length is 3 && int.TryParse(parts[2], CultureInfo.InvariantCulture, out layers) && layers > 0))
            {
                cases.Add(new MemoryCase(parts[0], parts[1], parts.Length == 3 ? layers : null));
            }
            else
            {
                argument.AddError($"'{word}': expected PRESET:SCHEME or PRESET:SCHEME:LAYERS, such as mambaquant:W8A8");
            }
        }

        return [.. cases];
    }
}
