using Xunit;

namespace MambaQuant.Grains.Tests.Cluster;

/// <summary>Tests that start silos, one after the other: several clusters at once would only wait for each other's processors.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class OneClusterAtATime
{
    /// <summary>Its name.</summary>
    public const string Name = "clusters";
}
