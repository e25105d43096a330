namespace MambaQuant.Silo;

/// <summary>Exit codes of a silo; those of Kubernetes manifests' failure policies.</summary>
internal static class SiloExitCodes
{
    /// <summary>Stopped when asked to, or because there was no work.</summary>
    public const int Success = 0;

    /// <summary>An error nobody foresaw.</summary>
    public const int UnexpectedError = 1;

    /// <summary>The configuration is wrong: starting again does not help.</summary>
    public const int Configuration = 2;

    /// <summary>The store, Redis or a port cannot be used: starting again may help.</summary>
    public const int Surroundings = 11;

    /// <summary>Told to stop while it was there until its work is done (ExitWhenIdle): at a safe point, and to be run again elsewhere.</summary>
    public const int Interrupted = 75;
}
