using MambaQuant.Quant.Models;

namespace MambaQuant.Quant.Inference;

/// <summary>Where a text begins that has no beginning yet.</summary>
internal static class FirstTokens
{
    /// <summary>The end-of-text token, after which a model expects a new text; else the token that begins one.</summary>
    /// <param name="config">The model's dimensions.</param>
    /// <exception cref="ArgumentException">The model names neither.</exception>
    public static int FirstToken(this MambaConfig config) =>
        config.EndOfTextToken ?? config.BeginOfTextToken
        ?? throw new ArgumentException("config.json names neither eos_token_id nor bos_token_id: give a prompt, or a calibration text", nameof(config));
}
