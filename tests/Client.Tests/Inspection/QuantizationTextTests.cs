using MambaQuant.Client.Inspection;
using MambaQuant.Quant.Quantization;
using Xunit;

namespace MambaQuant.Client.Tests.Inspection;

public sealed class QuantizationTextTests
{
    [Fact]
    public void Words_NameBitsStrategyAndTime()
    {
        Assert.Equal("float", QuantizationText.Of(null, isWeight: true));
        Assert.Equal("int4 group 128", QuantizationText.Of(new QuantizationArgs { Bits = 4, Strategy = QuantizationStrategy.Group, GroupSize = 128 }, isWeight: true));
        Assert.Equal("int8 tensor static", QuantizationText.Of(new QuantizationArgs { Bits = 8 }, isWeight: false));
        Assert.Equal("int6 token dynamic asymmetric", QuantizationText.Of(new QuantizationArgs { Bits = 6, Strategy = QuantizationStrategy.Token, Dynamic = true, Symmetric = false }, isWeight: false));
    }
}
