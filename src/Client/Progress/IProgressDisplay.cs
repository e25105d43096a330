namespace MambaQuant.Client.Progress;

/// <summary>Shows a run while it goes on.</summary>
internal interface IProgressDisplay
{
    /// <summary>Runs a piece of work and shows its stages until it returns or throws.</summary>
    /// <typeparam name="T">What the work gives.</typeparam>
    /// <param name="title">What is done, for people.</param>
    /// <param name="work">The work; it may report from any thread.</param>
    /// <returns>What the work gave.</returns>
    T Run<T>(string title, Func<IRunProgress, T> work);
}
