namespace MambaQuant.Quant.Evaluation;

/// <summary>Sums over scored tokens, added one by one in the order of the text.</summary>
internal sealed class ScoreSums
{
    private double _loss;
    private double _divergence;
    private long _agreements;

    /// <summary>Tokens added.</summary>
    public long Scored { get; private set; }

    /// <summary>Mean loss; 0 before the first token.</summary>
    public double Nll => Scored == 0 ? 0 : _loss / Scored;

    /// <summary>Mean divergence.</summary>
    public double KlMean => _divergence / Scored;

    /// <summary>Share of agreements.</summary>
    public double Top1Agreement => (double)_agreements / Scored;

    /// <summary>Adds a token.</summary>
    public void Add(double loss, double divergence, bool agrees)
    {
        _loss += loss;
        _divergence += divergence;
        _agreements += agrees ? 1 : 0;
        Scored++;
    }
}
