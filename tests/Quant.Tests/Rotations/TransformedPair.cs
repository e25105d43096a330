using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Rotations;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tensors;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Quant.Tests.Rotations;

/// <summary>A float model and the same model with a transform folded in, to compare what they compute.</summary>
internal sealed class TransformedPair : IDisposable
{
    private static readonly ActivationSite[] _sitesInside =
        [ActivationSite.ConvInput, ActivationSite.XProjInput, ActivationSite.DtProjInput, ActivationSite.OutProjInput];

    private readonly IKernels _kernels;
    private readonly MambaCheckpoint _checkpoint;
    private readonly ModelTransform _transform;
    private readonly MambaLanguageModel _original;
    private readonly MambaLanguageModel _transformed;

    /// <summary>Loads a checkpoint twice.</summary>
    /// <param name="kernels">The backend.</param>
    /// <param name="path">The folder of the checkpoint.</param>
    /// <param name="modifiers">One of <see cref="RandomTransforms.Names"/>.</param>
    /// <param name="seed">Seed of the transform's parameters.</param>
    public TransformedPair(IKernels kernels, string path, string modifiers, int seed)
    {
        _kernels = kernels;
        _checkpoint = MambaCheckpoint.Open(path);
        _transform = RandomTransforms.Draw(kernels, _checkpoint.Config, modifiers, seed);
        _original = MambaLanguageModels.LoadFloat(kernels, _checkpoint);
        _transformed = TransformedMamba.Load(kernels, _checkpoint, _transform);
    }

    public MambaConfig Config => _checkpoint.Config;

    public void Dispose()
    {
        _original.Dispose();
        _transformed.Dispose();
        _checkpoint.Dispose();
    }

    /// <summary>The largest difference of the logits over the largest logit.</summary>
    public double LogitDifference(int[] tokens, int batch)
    {
        float[] expected = Logits(_original, tokens, batch);
        float[] found = Logits(_transformed, tokens, batch);
        return expected.Zip(found, (a, b) => Math.Abs((double)a - b)).Max() / expected.Max(Math.Abs);
    }

    /// <summary>
    /// The largest difference between second moments measured in the transformed model and those carried over, over the largest entry,
    /// per site. Each block of the transformed model reads the rotated input of its original, so that what is compared is one
    /// block's rounding and not that of all before it; the layer behind the last is the final norm and the head.
    /// </summary>
    public Dictionary<ActivationSite, double> MomentDifferences(int[] tokens, int batch)
    {
        ModelFamily family = MambaFamily.For(Config);
        var differences = new Dictionary<ActivationSite, double>();
        using Tensor rows = _original.Embeddings.Gather(_kernels, tokens);
        using Tensor r = _kernels.Reshape(rows, new Shape(batch, tokens.Length / batch, Config.DModel));
        foreach (LayerTransform layer in _transform.Layers)
        {
            MambaBlock block = _transformed.Blocks[layer.Layer];
            using Tensor rotated = Rotated(r);
            ExactMoments before = Observe(_original.Blocks[layer.Layer], r);
            ExactMoments after = Observe(block, rotated);
            Compare(ActivationSite.InProjInput, after, AtNorm(before, block.NormWeight));
            foreach (ActivationSite site in _sitesInside)
            {
                Compare(site, after, SecondMomentTransfer.ToSite(_kernels, family, site, before[site], layer));
            }
        }

        using Tensor last = Rotated(r);
        Compare(ActivationSite.HeadInput, ObserveEnd(_transformed, last), AtNorm(ObserveEnd(_original, r), _transformed.FinalNorm));
        return differences;

        SecondMoment AtNorm(ExactMoments before, Tensor foldedNorm) => SecondMomentTransfer.ToNormOutput(
            _kernels, before[ActivationSite.ResidualStream], _transform.Residual, foldedNorm);

        void Compare(ActivationSite site, ExactMoments after, SecondMoment carried) => differences[site] =
            Math.Max(differences.GetValueOrDefault(site), Difference(after[site], carried));
    }

    private static double Difference(SecondMoment measured, SecondMoment carried)
    {
        Assert.Equal(measured.Count, carried.Count);
        double largest = measured.Packed.ToArray().Max();
        double difference = 0;
        for (int i = 0; i < measured.Packed.Length; i++)
        {
            difference = Math.Max(difference, Math.Abs(measured.Packed[i] - carried.Packed[i]) / largest);
        }

        // Sums may cancel to nothing, so they are compared with what they would be if nothing cancelled.
        for (int channel = 0; channel < measured.Channels; channel++)
        {
            difference = Math.Max(difference, Math.Abs(measured.Sum[channel] - carried.Sum[channel]) / Math.Sqrt(measured.Count * largest));
        }

        return difference;
    }

    private float[] Logits(MambaLanguageModel model, int[] tokens, int batch)
    {
        using ModelState state = ModelState.Zero(_kernels, Config, batch);
        using Tensor logits = model.Logits(_kernels, tokens, batch, state);
        float[] values = new float[logits.Shape.ElementCount];
        _kernels.Download(logits, values.AsSpan());
        Assert.All(values, value => Assert.True(float.IsFinite(value)));
        return values;
    }

    /// <summary>Runs a block, which adds its change to r.</summary>
    private ExactMoments Observe(MambaBlock block, Tensor r)
    {
        using BlockState state = BlockState.Zero(_kernels, Config, r.Shape[0]);
        var observer = new ExactMoments(_kernels);
        block.Forward(_kernels, r, state, observer);
        return observer;
    }

    private ExactMoments ObserveEnd(MambaLanguageModel model, Tensor r)
    {
        var observer = new ExactMoments(_kernels);
        using Tensor stream = _kernels.RmsNorm(r, weight: null, Config.NormEpsilon);
        observer.Observe(ActivationSite.ResidualStream, stream);
        using Tensor normed = _kernels.RmsNorm(r, model.FinalNorm, Config.NormEpsilon);
        using Operand headIn = model.HeadInput.Enter(_kernels, normed, observer);
        return observer;
    }

    private Tensor Rotated(Tensor r)
    {
        Tensor result = _kernels.Allocate(r.DType, r.Shape);
        _kernels.Copy(r, result);
        if (_transform.Residual is not null)
        {
            using Tensor dense = _transform.Residual.Dense(_kernels);
            using Tensor wide = _kernels.ToDouble(r);
            using Tensor rows = _kernels.Reshape(wide, new Shape(r.Shape.Rows, r.Shape.Columns));
            using Tensor product = _kernels.Multiply(rows, dense, transposeA: false, transposeB: false);
            using Tensor narrow = _kernels.ToSingle(product);
            _kernels.Copy(narrow, result);
        }

        return result;
    }
}
