namespace MambaQuant.Grains.Contracts;

/// <summary>Names that clients and silos agree on.</summary>
public static class ClusterNames
{
    /// <summary>The service of Orleans that silos and clients belong to.</summary>
    public const string Service = "mambaquant";
}
