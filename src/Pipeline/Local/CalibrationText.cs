using MambaQuant.Quant.Datasets;
using MambaQuant.Quant.Inference;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Tokenization;

namespace MambaQuant.Pipeline.Local;

/// <summary>Turns what a run is told to calibrate on into token sequences.</summary>
public static class CalibrationText
{
    /// <summary>The tokenizer's file in a model folder.</summary>
    public const string TokenizerFile = "tokenizer.json";

    /// <summary>Makes the sequences.</summary>
    /// <param name="kernels">Runs the model where it samples its own text.</param>
    /// <param name="checkpoint">The float model.</param>
    /// <param name="options">Source, number, length, seed.</param>
    /// <param name="progress">Hears how far the sampling of the model's own text is, in tokens.</param>
    /// <param name="cancellation">Stops the sampling.</param>
    /// <exception cref="InvalidTextException">The text is empty or not UTF-8.</exception>
    /// <exception cref="InsufficientTextException">The text has too few tokens.</exception>
    /// <exception cref="InvalidTokenizerException">The tokenizer cannot be read, or does not fit the model.</exception>
    public static CalibrationSet Prepare(
        IKernels kernels, MambaCheckpoint checkpoint, CalibrationOptions options, Action<long> progress, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentNullException.ThrowIfNull(options);
        if (options.Source == CalibrationOptions.SelfSource)
        {
            using MambaLanguageModel model = MambaLanguageModels.LoadFloat(kernels, checkpoint);
            return SelfSampler.Sample(
                kernels, model, options.Samples, options.SequenceLength, options.Seed, new CallingProgress<long>(progress), cancellation);
        }

        TextFile text = TextFile.Read(options.Source);
        BytePairTokenizer tokenizer = BytePairTokenizer.Load(Path.Combine(checkpoint.Directory, TokenizerFile));
        int[] tokens = CalibrationSampler.Tokenize(tokenizer, text);
        tokenizer.EnsureFits(tokens, checkpoint.Config.VocabularySize);
        return CalibrationSampler.Sample(tokens, options.Samples, options.SequenceLength, options.Seed, text.Name);
    }
}
