using MambaQuant.Quant.Models;

namespace MambaQuant.Quant.Statistics;

/// <summary>A NaN or an infinity turned up in an activation. It is never repaired: the run stops and says where.</summary>
public sealed class NonFiniteActivationException : Exception
{
    /// <summary>Makes the exception.</summary>
    /// <param name="layer">Index of the layer; the layer after the last block is the head.</param>
    /// <param name="site">The site.</param>
    /// <param name="shard">Index of the shard of calibration data.</param>
    /// <param name="sequence">Index of the sequence within the batch.</param>
    /// <param name="token">Index of the token within the sequence.</param>
    /// <param name="channel">Index of the channel.</param>
    public NonFiniteActivationException(int layer, ActivationSite site, int shard, int sequence, int token, int channel)
        : base($"layer {layer}, site '{site}', shard {shard}, sequence {sequence}, token {token}, channel {channel}: expected a finite value, found NaN or infinity."
            + " Check the weights of this layer and of those before it for values that are not finite or far too large.")
    {
        Layer = layer;
        Site = site;
        Shard = shard;
        Sequence = sequence;
        Token = token;
        Channel = channel;
    }

    private NonFiniteActivationException(int layer, int shard, int channel, int state)
        : base($"layer {layer}, site '{ActivationSite.ScanState}', shard {shard}, channel {channel}, state {state}: expected a finite value, found NaN or infinity."
            + " Check the weights that feed the scan of this layer.")
    {
        Layer = layer;
        Site = ActivationSite.ScanState;
        Shard = shard;
        Channel = channel;
    }

    /// <summary>Makes the exception with a message of its own.</summary>
    /// <param name="message">Layer, site, place, next step.</param>
    public NonFiniteActivationException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception with a message of its own.</summary>
    /// <param name="message">Layer, site, place, next step.</param>
    /// <param name="innerException">The cause.</param>
    public NonFiniteActivationException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Makes the exception without a message.</summary>
    public NonFiniteActivationException()
    {
    }

    /// <summary>Index of the layer.</summary>
    public int Layer { get; }

    /// <summary>The site.</summary>
    public ActivationSite Site { get; }

    /// <summary>Index of the shard of calibration data.</summary>
    public int Shard { get; }

    /// <summary>Index of the sequence within the batch.</summary>
    public int Sequence { get; }

    /// <summary>Index of the token within the sequence.</summary>
    public int Token { get; }

    /// <summary>Index of the channel.</summary>
    public int Channel { get; }

    /// <summary>The exception for the recurrent state, whose token is not known any more.</summary>
    /// <param name="layer">Index of the layer.</param>
    /// <param name="shard">Index of the last shard of calibration data.</param>
    /// <param name="channel">Index of the channel.</param>
    /// <param name="state">Index of the state within the channel.</param>
    internal static NonFiniteActivationException InState(int layer, int shard, int channel, int state) => new(layer, shard, channel, state);
}
