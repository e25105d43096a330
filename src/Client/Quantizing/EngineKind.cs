namespace MambaQuant.Client.Quantizing;

/// <summary>What drives the jobs of <c>quantize</c>.</summary>
internal enum EngineKind
{
    /// <summary>The engine of this process.</summary>
    Local,

    /// <summary>A silo in this process: the same work as a cluster's, on one machine.</summary>
    Orleans,
}
