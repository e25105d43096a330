namespace MambaQuant.Pipeline.Local;

/// <summary>What a run does about an earlier one that was interrupted.</summary>
public enum ResumeMode
{
    /// <summary>Goes on where it stopped, or begins where there is none.</summary>
    Auto,

    /// <summary>Goes on; refuses where there is none.</summary>
    Required,

    /// <summary>Begins anew: what the interrupted run left beside the output is removed.</summary>
    Never,
}
