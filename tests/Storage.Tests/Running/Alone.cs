using Xunit;

namespace MambaQuant.Storage.Tests.Running;

/// <summary>Tests that nothing runs beside.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
