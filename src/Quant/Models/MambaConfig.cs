namespace MambaQuant.Quant.Models;

/// <summary>The dimensions of a Mamba-1 language model, from its config.json.</summary>
public sealed record MambaConfig
{
    /// <summary>Rows of the embedding table ("vocab_size").</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Width d of the residual stream ("hidden_size").</summary>
    public required int DModel { get; init; }

    /// <summary>Width E inside a block ("intermediate_size", else expand · hidden_size).</summary>
    public required int DInner { get; init; }

    /// <summary>States N per channel ("state_size").</summary>
    public required int DState { get; init; }

    /// <summary>Taps K of the causal convolution ("conv_kernel").</summary>
    public required int DConv { get; init; }

    /// <summary>Rank R of the time-step path ("time_step_rank"; "auto" is ceil(d / 16)).</summary>
    public required int DtRank { get; init; }

    /// <summary>Number of blocks ("num_hidden_layers").</summary>
    public required int LayerCount { get; init; }

    /// <summary>Added to the mean of squares in every norm ("layer_norm_epsilon").</summary>
    public required float NormEpsilon { get; init; }

    /// <summary>Whether in_proj and out_proj have a bias ("use_bias").</summary>
    public required bool UseBias { get; init; }

    /// <summary>Whether the convolution has a bias ("use_conv_bias").</summary>
    public required bool UseConvBias { get; init; }

    /// <summary>Whether the head shares the embedding table ("tie_word_embeddings").</summary>
    public required bool TieEmbeddings { get; init; }

    /// <summary>The token that ends a text ("eos_token_id"), or null.</summary>
    public int? EndOfTextToken { get; init; }

    /// <summary>The token that begins a text ("bos_token_id"), or null.</summary>
    public int? BeginOfTextToken { get; init; }
}
