namespace MambaQuant.Quant.Rotations;

/// <summary>What a rotation is made of.</summary>
public enum RotationKind
{
    /// <summary>T = H: spreads outliers; has a fast transform, so it can run online.</summary>
    Hadamard,

    /// <summary>T = K · H with the eigenvectors K of a calibrated covariance: also gives all channels the same variance; dense, so it only folds.</summary>
    Klt,
}
