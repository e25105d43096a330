namespace MambaQuant.Quant.Models;

/// <summary>Disposes what was made so far when making the rest fails.</summary>
internal sealed class DisposalScope : IDisposable
{
    private readonly List<IDisposable> _made = [];

    /// <summary>Notes something that was made.</summary>
    /// <returns>The same.</returns>
    public T Add<T>(T made)
        where T : IDisposable
    {
        _made.Add(made);
        return made;
    }

    /// <summary>Everything was made: whoever gets it disposes it.</summary>
    public void Keep() => _made.Clear();

    /// <inheritdoc/>
    public void Dispose() => _made.ForEach(made => made.Dispose());
}
