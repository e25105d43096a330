namespace MambaQuant.Grains.Connecting;

/// <summary>How silos find each other, and clients find them.</summary>
public enum ClusteringKind
{
    /// <summary>One machine, for development: the first silo on its port leads, the others join it.</summary>
    Localhost,

    /// <summary>A table of members in Redis, for production.</summary>
    Redis,
}
