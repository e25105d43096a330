namespace MambaQuant.Quant.Checkpoints;

/// <summary>The files of a checkpoint that are for people.</summary>
public sealed record QuantizedCheckpointDocuments
{
    /// <summary>Text of recipe.yaml: the resolved recipe, every default written out.</summary>
    public required string Recipe { get; init; }

    /// <summary>What the checkpoint was made from.</summary>
    public required RunManifest Manifest { get; init; }

    /// <summary>What quantization did to every layer and site.</summary>
    public required CheckpointReport Report { get; init; }

    /// <summary>What can be drawn of it: pictures.json. Null for none.</summary>
    public CheckpointPictures? Pictures { get; init; }

    /// <summary>Text of run.json: times, host, paths; the one file that may differ between equal runs. Null for none.</summary>
    public string? Run { get; init; }
}
