using MambaQuant.Quant.Recipes;
using MambaQuant.Testing;

namespace MambaQuant.Silo.Tests.Running;

/// <summary>A model whose jobs take some seconds, and which goes into the store with them.</summary>
public sealed class RealJob : SmallJob
{
    /// <summary>Makes the model.</summary>
    public RealJob()
        : base(new SyntheticMamba().Config with { VocabularySize = 256, DModel = 96, DInner = 192, DState = 8, DtRank = 8, LayerCount = 6 })
    {
        Preset = RecipePresets.MambaQuant;
        Samples = 16;
        SequenceLength = 128;
        Grid = new() { Blocks = 2, Shards = 4 };
        IsUploaded = true;
    }
}
