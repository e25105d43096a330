using MambaQuant.Quant.Models;
using MambaQuant.Quant.Smoothing;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tensors;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Quant.Tests.Smoothing;

public sealed class SmoothingMagnitudesTests : IDisposable
{
    private readonly OpaqueKernels _kernels = new();
    private readonly LayerCase _layer;

    public SmoothingMagnitudesTests()
    {
        _layer = new LayerCase(_kernels);
    }

    public void Dispose()
    {
        _layer.Dispose();
        Assert.Empty(_kernels.LiveTensors);
        _kernels.Dispose();
    }

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
        ChannelRange c = _layer.Statistics[ActivationSite.ScanOutput].Range!;
        Assert.Equal(Enumerable.Range(0, c.Channels).Select(c.AbsoluteMaximum), OfConsumer(SmoothingSite.ScanState));
        StateStatistics state = _layer.Statistics.State!;
        Assert.Equal(
            Enumerable.Range(0, state.States).Select(state.StateAbsoluteMaximum),
            SmoothingMagnitudes.OfActivation(_layer.Family.Smoothing(SmoothingSite.ScanState), _layer.Statistics));
    }

    [Fact]
    public void Activation_IsItsRange()
    {
        ChannelRange gate = _layer.Statistics[ActivationSite.OutProjInput].Range!;
        Assert.Equal(
            Enumerable.Range(0, gate.Channels).Select(gate.AbsoluteMaximum),
            SmoothingMagnitudes.OfActivation(_layer.Family.Smoothing(SmoothingSite.GateToOutProj), _layer.Statistics));
    }

    [Fact]
    public void WhatWasNotObserved_IsNamed()
    {
        var nothing = new LayerStatistics(3, [], state: null);
        Assert.All(_layer.Family.Smoothings, definition => Assert.Contains(
            "layer 3", Assert.Throws<KeyNotFoundException>(() => SmoothingMagnitudes.OfActivation(definition, nothing)).Message, StringComparison.Ordinal));
    }

    private float[] OfConsumer(SmoothingSite site) =>
        SmoothingMagnitudes.OfConsumer(_kernels, _layer.Family.Smoothing(site), _layer.Weights, _layer.Statistics);

    private (float[] Values, int Columns) Read(string tensor)
    {
        Tensor weight = _layer.Weights[tensor];
        return (_kernels.ToArray<float>(weight), weight.Shape.Columns);
    }
}
