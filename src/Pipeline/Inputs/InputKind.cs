namespace MambaQuant.Pipeline.Inputs;

/// <summary>Where the workers of a job find a model or a text.</summary>
public enum InputKind
{
    /// <summary>In the store, uploaded by the client.</summary>
    Stored,

    /// <summary>Under one path on every machine; compared with the plan's hashes when it is read.</summary>
    Mounted,

    /// <summary>Nowhere: the float model samples its own text.</summary>
    Self,
}
