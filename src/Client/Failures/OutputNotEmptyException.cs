namespace MambaQuant.Client.Failures;

/// <summary>The folder to write to holds something already.</summary>
internal sealed class OutputNotEmptyException : Exception
{
    /// <summary>Makes the exception.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="found">The first thing found in it.</param>
    public OutputNotEmptyException(string folder, string found)
        : base($"{folder}: the output folder must be new or empty, found {found}; name another folder with --out, or remove this one")
    {
    }
}
