namespace MambaQuant.Pipeline.Artifacts;

/// <summary>How a put ended.</summary>
/// <param name="Stored">What the store holds under the name now: the bytes offered, or those of whoever came first.</param>
/// <param name="Offered">Checksum of the bytes offered; differs from the stored one where two makers of one artifact disagree.</param>
/// <param name="Written">Whether the bytes offered were the first.</param>
public sealed record PutOutcome(ArtifactInfo Stored, string Offered, bool Written);
