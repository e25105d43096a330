using MambaQuant.Quant.Datasets;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Inference;

/// <summary>Continues a text, token by token.</summary>
public static class TextGenerator
{
    private const int PrefillTokens = 512;

    /// <summary>Reads the prompt at once, then makes one token after the other.</summary>
    /// <param name="kernels">The backend of the model.</param>
    /// <param name="model">The model, float or quantized.</param>
    /// <param name="prompt">Token ids; an empty prompt begins at the model's end-of-text token.</param>
    /// <param name="options">Options; null for the defaults.</param>
    /// <param name="onToken">Told every token as it is made; null for nobody.</param>
    /// <param name="cancellation">Stops between tokens.</param>
    /// <returns>The tokens made, without the prompt and without the end-of-text token that stopped them.</returns>
    /// <exception cref="ArgumentException">The prompt is empty and the model names no token to begin with, or an option is out of range.</exception>
    /// <exception cref="NumericalException">A logit is not finite.</exception>
    public static IReadOnlyList<int> Generate(
        IKernels kernels,
        MambaLanguageModel model,
        ReadOnlySpan<int> prompt,
        GenerationOptions? options = null,
        Action<int>? onToken = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(kernels);
        ArgumentNullException.ThrowIfNull(model);
        options ??= new GenerationOptions();
        ArgumentOutOfRangeException.ThrowIfNegative(options.MaxTokens, nameof(options));
        options.Sampling.ThrowIfInvalid();
        var random = new SeededRandom(options.Seed);
        using ModelState state = ModelState.Zero(kernels, model.Config, batch: 1);
        var made = new List<int>();
        float[] logits = Read(kernels, model, prompt.IsEmpty ? [model.Config.FirstToken()] : prompt, state, cancellation);
        while (made.Count < options.MaxTokens)
        {
            cancellation.ThrowIfCancellationRequested();
            int token = TokenSampler.Choose(logits, options.Sampling, random);
            if (options.StopsAtEndOfText && token == model.Config.EndOfTextToken)
            {
                break;
            }

            made.Add(token);
            onToken?.Invoke(token);
            if (made.Count < options.MaxTokens)
            {
                logits = Read(kernels, model, [token], state, cancellation);
            }
        }

        return made;
    }

    /// <summary>Reads tokens of one sequence, in pieces that bound memory; only the last one's logits are made.</summary>
    /// <param name="kernels">The backend of the model.</param>
    /// <param name="model">The model.</param>
    /// <param name="tokens">Token ids, at least one.</param>
    /// <param name="state">The state before the tokens; becomes the state after them.</param>
    /// <param name="cancellation">Stops between pieces.</param>
    /// <returns>[V] logits of what follows.</returns>
    public static float[] Read(
        IKernels kernels, MambaLanguageModel model, ReadOnlySpan<int> tokens, ModelState state, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(kernels);
        ArgumentNullException.ThrowIfNull(model);
        var logits = new float[model.Config.VocabularySize];
        for (int first = 0; first < tokens.Length; first += PrefillTokens)
        {
            cancellation.ThrowIfCancellationRequested();
            ReadOnlySpan<int> piece = tokens.Slice(first, Math.Min(PrefillTokens, tokens.Length - first));
            using Tensor hidden = model.Hidden(kernels, piece, batch: 1, state);
            if (first + piece.Length == tokens.Length)
            {
                using Tensor rows = kernels.Reshape(hidden, new Shape(piece.Length, model.Config.DModel));
                using Tensor last = kernels.Rows(rows, piece.Length - 1, 1);
                using Tensor values = model.HeadLogits(kernels, last);
                kernels.Download(values, logits.AsSpan());
            }
        }

        return logits;
    }
}
