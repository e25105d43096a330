namespace MambaQuant.Pipeline.Local;

/// <summary>Progress that calls at once, on the reporting thread; the framework's own posts to a thread pool and may come late.</summary>
/// <typeparam name="T">What is reported.</typeparam>
/// <param name="action">What to call.</param>
internal sealed class CallingProgress<T>(Action<T> action) : IProgress<T>
{
    /// <inheritdoc/>
    public void Report(T value) => action(value);
}
