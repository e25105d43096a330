using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Models;

/// <summary>A whole Mamba-1 language model in memory, float or quantized: tokens in, logits out.</summary>
public sealed class MambaLanguageModel : IDisposable
{
    /// <summary>The model's dimensions.</summary>
    public required MambaConfig Config { get; init; }

    /// <summary>The embedding table.</summary>
    public required IEmbedding Embeddings { get; init; }

    /// <summary>The blocks in order.</summary>
    public required IReadOnlyList<MambaBlock> Blocks { get; init; }

    /// <summary>Weight of the final norm, [d] F32.</summary>
    public required Tensor FinalNorm { get; init; }

    /// <summary>Site of the head's input.</summary>
    public required SiteInput HeadInput { get; init; }

    /// <summary>The head, [V, d].</summary>
    public required IProjection Head { get; init; }

    /// <summary>What the model disposes besides its blocks.</summary>
    public required IReadOnlyList<IDisposable> Owned { get; init; }

    /// <summary>Runs sequences of equal length.</summary>
    /// <param name="k">The backend.</param>
    /// <param name="tokens">B · L token ids, sequence after sequence.</param>
    /// <param name="batch">B.</param>
    /// <param name="state">The state before the tokens; becomes the state after them.</param>
    /// <returns>Logits, [B, L, V] F32.</returns>
    /// <exception cref="ArgumentException">The number of tokens is no multiple of the batch.</exception>
    public Tensor Logits(IKernels k, ReadOnlySpan<int> tokens, int batch, ModelState state)
    {
        ArgumentNullException.ThrowIfNull(k);
        using Tensor hidden = Hidden(k, tokens, batch, state);
        return HeadLogits(k, hidden);
    }

    /// <summary>Runs sequences of equal length up to the last block.</summary>
    /// <param name="k">The backend.</param>
    /// <param name="tokens">B · L token ids, sequence after sequence.</param>
    /// <param name="batch">B.</param>
    /// <param name="state">The state before the tokens; becomes the state after them.</param>
    /// <returns>The residual stream, [B, L, d] F32.</returns>
    /// <exception cref="ArgumentException">The number of tokens is no multiple of the batch.</exception>
    public Tensor Hidden(IKernels k, ReadOnlySpan<int> tokens, int batch, ModelState state)
    {
        ArgumentNullException.ThrowIfNull(k);
        ArgumentNullException.ThrowIfNull(state);
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        if (tokens.Length % batch != 0)
        {
            throw new ArgumentException($"{tokens.Length} tokens are no {batch} sequences of equal length", nameof(tokens));
        }

        using Tensor rows = Embeddings.Gather(k, tokens);
        using Tensor sequences = k.Reshape(rows, new Shape(batch, tokens.Length / batch, Config.DModel));
        Tensor r = k.Clone(sequences);
        for (int layer = 0; layer < Blocks.Count; layer++)
        {
            Blocks[layer].Forward(k, r, state.Blocks[layer], seen: null);
        }

        return r;
    }

    /// <summary>Final norm and head.</summary>
    /// <param name="k">The backend.</param>
    /// <param name="hidden">Residual stream, [..., d] F32.</param>
    /// <returns>Logits, [..., V] F32.</returns>
    public Tensor HeadLogits(IKernels k, Tensor hidden)
    {
        ArgumentNullException.ThrowIfNull(k);
        using Tensor normed = Normed(k, hidden);
        return NormedLogits(k, normed);
    }

    /// <summary>Final norm alone: what the head reads.</summary>
    /// <param name="k">The backend.</param>
    /// <param name="hidden">Residual stream, [..., d] F32.</param>
    /// <returns>[..., d] F32.</returns>
    public Tensor Normed(IKernels k, Tensor hidden)
    {
        ArgumentNullException.ThrowIfNull(k);
        return k.RmsNorm(hidden, FinalNorm, Config.NormEpsilon);
    }

    /// <summary>Head alone.</summary>
    /// <param name="k">The backend.</param>
    /// <param name="normed">What <see cref="Normed"/> gave, [..., d] F32.</param>
    /// <returns>Logits, [..., V] F32.</returns>
    public Tensor NormedLogits(IKernels k, Tensor normed)
    {
        ArgumentNullException.ThrowIfNull(k);
        using Operand headIn = HeadInput.Enter(k, normed, observer: null);
        return Head.Apply(k, headIn);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (MambaBlock block in Blocks)
        {
            block.Dispose();
        }

        Head.Dispose();
        Embeddings.Dispose();
        foreach (IDisposable owned in Owned)
        {
            owned.Dispose();
        }
    }
}
