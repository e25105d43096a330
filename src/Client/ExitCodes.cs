namespace MambaQuant.Client;

/// <summary>Every exit code of the program; docs/command-line.md has the same list as a table.</summary>
internal static class ExitCodes
{
    /// <summary>Done.</summary>
    public const int Success = 0;

    /// <summary>An error nobody foresaw: a bug of this program.</summary>
    public const int UnexpectedError = 1;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 2;

    /// <summary>A file or folder named on the command line is not there.</summary>
    public const int MissingInput = 3;

    /// <summary>The model is of a kind, or in a form, that is not supported.</summary>
    public const int UnsupportedModel = 4;

    /// <summary>The checkpoint is damaged or contradicts itself.</summary>
    public const int InvalidCheckpoint = 5;

    /// <summary>The tokenizer is damaged, not supported or does not fit the model.</summary>
    public const int InvalidTokenizer = 6;

    /// <summary>The recipe is wrong.</summary>
    public const int InvalidRecipe = 7;

    /// <summary>The text is empty or not UTF-8.</summary>
    public const int InvalidText = 8;

    /// <summary>The text is too short for what was asked.</summary>
    public const int TooLittleText = 9;

    /// <summary>The output folder holds something already.</summary>
    public const int OutputNotEmpty = 10;

    /// <summary>Reading or writing failed: disk full, no permission, device error.</summary>
    public const int StorageFailure = 11;

    /// <summary>A weight or an activation is NaN or infinite.</summary>
    public const int NonFiniteValue = 12;

    /// <summary>A numerical method gave no result.</summary>
    public const int NumericalFailure = 13;

    /// <summary>Memory ran out.</summary>
    public const int OutOfMemory = 14;

    /// <summary>A check of <c>doctor</c> failed.</summary>
    public const int MachineNotReady = 15;

    /// <summary>A job of the cluster failed, in a way that has no code of its own.</summary>
    public const int JobFailed = 16;

    /// <summary>Somebody cancelled the job.</summary>
    public const int JobCancelled = 17;

    /// <summary>This build has no cluster.</summary>
    public const int NoCluster = 18;

    /// <summary>The cluster does not answer, or refuses the job.</summary>
    public const int ClusterUnavailable = 19;

    /// <summary>Stopped at a safe point by Ctrl-C or SIGTERM.</summary>
    public const int Interrupted = 75;
}
