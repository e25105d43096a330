using Xunit;

namespace MambaQuant.Telemetry.Tests;

/// <summary>Tests that measure: instruments belong to the process, so one runs at a time.</summary>
[CollectionDefinition(nameof(Measured), DisableParallelization = true)]
public sealed class Measured;
