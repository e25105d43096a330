using MambaQuant.Quant.Inference;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Client.Benchmarking;

/// <summary>Runs a model as <c>generate</c> does, and takes the time.</summary>
/// <param name="kernels">The model's backend.</param>
/// <param name="model">The model.</param>
/// <param name="time">The clock.</param>
/// <param name="cancellation">Stops between runs.</param>
internal sealed class ModelRates(IKernels kernels, MambaLanguageModel model, TimeProvider time, CancellationToken cancellation)
{
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(2), Run = TimeSpan.FromMilliseconds(300);

    /// <summary>Tokens a second of a prompt that is read at once, one sequence, logits of its last token.</summary>
    /// <param name="tokens">Tokens of the prompt.</param>
    /// <param name="runs">Runs of some passes each, after some to warm up.</param>
    public Median Prefill(int tokens, int runs)
    {
        int[] prompt = Tokens(tokens);
        return Measure(runs, tokens, () =>
        {
            using ModelState state = ModelState.Zero(kernels, model.Config, batch: 1);
            TextGenerator.Read(kernels, model, prompt, state, cancellation);
        });
    }

    /// <summary>Tokens a second, of all sequences together, one token of each after the other.</summary>
    /// <param name="batch">Sequences.</param>
    /// <param name="tokens">Tokens of each.</param>
    /// <param name="runs">Runs of some passes each, after some to warm up.</param>
    public Median Decode(int batch, int tokens, int runs)
    {
        int[] ids = Tokens(batch * tokens);
        using ModelState state = ModelState.Zero(kernels, model.Config, batch);
        return Measure(runs, batch * tokens, () =>
        {
            for (int step = 0; step < tokens; step++)
            {
                cancellation.ThrowIfCancellationRequested();
                using Tensor logits = model.Logits(kernels, ids.AsSpan(step * batch, batch), batch, state);
            }
        });
    }

    /// <summary>Multiply-adds of weights and one token of a prompt of which only the last token's logits are made: without the head's.</summary>
    /// <param name="config">The dimensions.</param>
    public static long MultiplyAdds(MambaConfig config)
    {
        long e = config.DInner, projected = config.DtRank + (2L * config.DState);
        return config.LayerCount * ((3 * e * config.DModel) + (e * config.DConv) + (projected * e) + (e * config.DtRank));
    }

    /// <summary>Bytes of the states of one sequence, read and written.</summary>
    /// <param name="config">The dimensions.</param>
    public static long StateBytes(MambaConfig config) =>
        2L * sizeof(float) * config.LayerCount * config.DInner * (config.DState + config.DConv - 1);

    private Median Measure(int runs, int tokens, Action pass)
    {
        // The runtime compiles what is used often anew, in the background: what comes before that is slow and says nothing.
        Rate(tokens, pass, WarmUp);
        return Median.Of([.. Enumerable.Range(0, runs).Select(_ => Rate(tokens, pass, Run))]);
    }

    /// <summary>Tokens a second of as many passes as fill a time, at least one.</summary>
    private double Rate(int tokens, Action pass, TimeSpan atLeast)
    {
        long began = time.GetTimestamp();
        long passes = 0;
        do
        {
            cancellation.ThrowIfCancellationRequested();
            pass();
            passes++;
        }
        while (time.GetElapsedTime(began) < atLeast);

        return passes * tokens / time.GetElapsedTime(began).TotalSeconds;
    }

    /// <summary>Ids all over the vocabulary: which they are changes no time.</summary>
    private int[] Tokens(int count) => [.. Enumerable.Range(0, count).Select(i => (int)(i * 7919L % model.Config.VocabularySize))];
}
