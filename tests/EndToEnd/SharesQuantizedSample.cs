using Xunit;

namespace MambaQuant.EndToEnd;

/// <summary>Test classes that read one and the same quantized sample.</summary>
[CollectionDefinition(Name)]
public sealed class SharesQuantizedSample : ICollectionFixture<QuantizedSample>
{
    /// <summary>The collection's name.</summary>
    public const string Name = "quantized sample";
}
