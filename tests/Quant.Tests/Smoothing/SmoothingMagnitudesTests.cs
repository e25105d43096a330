using MambaQuant.Quant.Models;
using MambaQuant.Quant.Smoothing;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tensors;
using Xunit;

namespace MambaQuant.Quant.Tests.Smoothing;

public sealed class SmoothingMagnitudesTests : LayerTests
{
    [Theory]
    [InlineData(SmoothingSite.NormToInProj, MambaTensors.InProj)]
    [InlineData(SmoothingSite.XProjToDtProj, MambaTensors.DtProj)]
    [InlineData(SmoothingSite.GateToOutProj, MambaTensors.OutProj)]
    public void ConsumerOfColumns_IsTheLargestWeightOfEachColumn(SmoothingSite site, string tensor)
    {
        (float[] values, int columns) = Read(tensor);
        Assert.Equal(
            Enumerable.Range(0, columns).Select(column => values.Where((_, i) => i % columns == column).Max(Math.Abs)), OfConsumer(site));
    }

    [Fact]
    public void ConsumerOfTaps_IsTheLargestTapOfEachChannel()
    {
        (float[] values, int columns) = Read(MambaTensors.Conv);
        Assert.Equal(values.Chunk(columns).Select(taps => taps.Max(Math.Abs)), OfConsumer(SmoothingSite.InProjToConv));
    }

    [Fact]
    public void State_IsBalancedAgainstC()
    {
        ChannelRange c = Layer.Statistics[ActivationSite.ScanOutput].Range!;
        Assert.Equal(Enumerable.Range(0, c.Channels).Select(c.AbsoluteMaximum), OfConsumer(SmoothingSite.ScanState));
        StateStatistics state = Layer.Statistics.State!;
        Assert.Equal(
            Enumerable.Range(0, state.States).Select(state.StateAbsoluteMaximum),
            SmoothingMagnitudes.OfActivation(Layer.Family.Smoothing(SmoothingSite.ScanState), Layer.Statistics));
    }

    [Fact]
    public void Activation_IsItsRange()
    {
        ChannelRange gate = Layer.Statistics[ActivationSite.OutProjInput].Range!;
        Assert.Equal(
            Enumerable.Range(0, gate.Channels).Select(gate.AbsoluteMaximum),
            SmoothingMagnitudes.OfActivation(Layer.Family.Smoothing(SmoothingSite.GateToOutProj), Layer.Statistics));
    }

    [Fact]
    public void WhatWasNotObserved_IsNamed()
    {
        var nothing = new LayerStatistics(3, [], state: null);
        Assert.All(Layer.Family.Smoothings, definition => Assert.Contains(
            "layer 3", Assert.Throws<KeyNotFoundException>(() => SmoothingMagnitudes.OfActivation(definition, nothing)).Message, StringComparison.Ordinal));
    }

    private float[] OfConsumer(SmoothingSite site) =>
        SmoothingMagnitudes.OfConsumer(Kernels, Layer.Family.Smoothing(site), Layer.Weights, Layer.Statistics);

    private (float[] Values, int Columns) Read(string tensor)
    {
        Tensor weight = Layer.Weights[tensor];
        return (Kernels.ToArray<float>(weight), weight.Shape.Columns);
    }
}
