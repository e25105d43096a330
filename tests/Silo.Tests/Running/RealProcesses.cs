using Xunit;

namespace MambaQuant.Silo.Tests.Running;

/// <summary>Tests with processes of their own run one after the other: they measure times, and share the machine's processors, and a model: what the embedded engine makes of it is made once.</summary>
[CollectionDefinition(nameof(RealProcesses), DisableParallelization = true)]
public sealed class RealProcesses : ICollectionFixture<RealJob>;
