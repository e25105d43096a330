using System.Security.Cryptography;
using System.Text;
using MambaQuant.Pipeline.Artifacts;

namespace MambaQuant.Pipeline.Planning;

/// <summary>Collects everything that can change a byte of what an item makes, line by line, and hashes it.</summary>
internal sealed class KeyText
{
    private readonly StringBuilder _text = new();

    /// <summary>Adds a line.</summary>
    /// <param name="line">No line ends.</param>
    public KeyText Add(string line)
    {
        _text.Append(line).Append('\n');
        return this;
    }

    /// <summary>Adds lines.</summary>
    /// <param name="lines">No line ends.</param>
    public KeyText Add(IEnumerable<string> lines)
    {
        foreach (string line in lines)
        {
            Add(line);
        }

        return this;
    }

    /// <summary>The key: SHA-256 of the lines as UTF-8.</summary>
    public ArtifactKey ToKey() => new(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(_text.ToString()))));
}
