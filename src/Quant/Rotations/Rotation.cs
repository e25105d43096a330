using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Safetensors;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Rotations;

/// <summary>An orthogonal matrix T that activations are multiplied by, x ← x T: a Hadamard matrix H, or K · H.</summary>
/// <remarks>Immutable. Only K is stored: H is a construction of its order. Holds 8·w² bytes for K (w = 2560: 52 MB), nothing for H.</remarks>
public sealed class Rotation
{
    private const string Format = "mambaquant.rotation.1";
    private const string FilePrefix = "rotation.";
    private const string OrderName = "order";
    private const string EigenvectorsName = "eigenvectors";

    private readonly double[]? _eigenvectors;

    private Rotation(HadamardFactorization factorization, double[]? eigenvectors)
    {
        Factorization = factorization;
        _eigenvectors = eigenvectors;
    }

    /// <summary>Number of channels w that are mixed.</summary>
    public int Width => Factorization.Order;

    /// <summary>What the rotation is made of.</summary>
    public RotationKind Kind => _eigenvectors is null ? RotationKind.Hadamard : RotationKind.Klt;

    /// <summary>The factors of H.</summary>
    public HadamardFactorization Factorization { get; }

    /// <summary>K, [w, w] row-major, one eigenvector a column; empty for a Hadamard rotation.</summary>
    public ReadOnlySpan<double> Eigenvectors => _eigenvectors;

    /// <summary>A plain Hadamard rotation.</summary>
    /// <param name="site">Where it is going to be used, for the message.</param>
    /// <param name="width">Number of channels.</param>
    /// <exception cref="UnsupportedSiteException">There is no Hadamard matrix of this order; names site and width.</exception>
    public static Rotation Hadamard(RotationSite site, int width) => new(Factor(site, width), null);

    /// <summary>A rotation K · H.</summary>
    /// <param name="site">Where it is going to be used, for the message.</param>
    /// <param name="width">Number of channels w.</param>
    /// <param name="eigenvectors">K, [w, w] row-major, orthogonal, one eigenvector a column; owned from now on.</param>
    /// <exception cref="UnsupportedSiteException">There is no Hadamard matrix of this order; names site and width.</exception>
    /// <exception cref="ArgumentException">K is not a matrix of this width.</exception>
    public static Rotation Klt(RotationSite site, int width, double[] eigenvectors)
    {
        ArgumentNullException.ThrowIfNull(eigenvectors);
        return eigenvectors.Length == (long)width * width
            ? new Rotation(Factor(site, width), eigenvectors)
            : throw new ArgumentException($"{eigenvectors.Length} values are no matrix of {width} columns", nameof(eigenvectors));
    }

    /// <summary>The whole matrix T.</summary>
    /// <param name="kernels">The backend that is going to use it.</param>
    /// <returns>[w, w] F64; the caller disposes it.</returns>
    /// <remarks>Cost: w² (base order + log2 of the rest) additions, by the fast transform of the rows of K.</remarks>
    public Tensor Dense(IKernels kernels)
    {
        ArgumentNullException.ThrowIfNull(kernels);
        var shape = new Shape(Width, Width);
        if (_eigenvectors is null)
        {
            return kernels.Upload<double>(HadamardMatrix.Dense(Width), shape);
        }

        Tensor matrix = kernels.Upload<double>(_eigenvectors, shape);
        using HadamardTransform hadamard = HadamardMatrix.Transform(kernels, Width);
        kernels.WalshHadamard(matrix, hadamard);
        return matrix;
    }

    /// <summary>What <see cref="Write(SafetensorsWriter, string)"/> is going to write.</summary>
    /// <param name="prefix">Put before every tensor name.</param>
    public IEnumerable<SafetensorsDeclaration> Declare(string prefix)
    {
        yield return new(prefix + OrderName, DType.I64, new Shape(1));
        if (_eigenvectors is not null)
        {
            yield return new(prefix + EigenvectorsName, DType.F64, new Shape(Width, Width));
        }
    }

    /// <summary>Writes the order, and K where there is one.</summary>
    /// <param name="writer">A writer to which <see cref="Declare"/> of the same prefix was declared.</param>
    /// <param name="prefix">Put before every tensor name.</param>
    public void Write(SafetensorsWriter writer, string prefix)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Write(prefix + OrderName, [(long)Width]);
        if (_eigenvectors is not null)
        {
            writer.Write(prefix + EigenvectorsName, _eigenvectors);
        }
    }

    /// <summary>Writes a file of its own, beside and renamed; its bytes depend on the values only.</summary>
    /// <param name="path">The file; an older one is replaced.</param>
    /// <exception cref="IOException">The disk is full or failed.</exception>
    public void Write(string path)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal) { [StoredValues.FormatKey] = Format };
        using var writer = new SafetensorsWriter(path, [.. Declare(FilePrefix)], metadata, flush: false);
        Write(writer, FilePrefix);
        writer.Complete();
    }

    /// <summary>Whether a file holds a rotation.</summary>
    /// <param name="file">The file.</param>
    /// <param name="prefix">Put before every tensor name.</param>
    public static bool IsIn(SafetensorsFile file, string prefix)
    {
        ArgumentNullException.ThrowIfNull(file);
        return file.TryGet(prefix + OrderName, out _);
    }

    /// <summary>Reads what <see cref="Write(SafetensorsWriter, string)"/> wrote.</summary>
    /// <param name="file">The file.</param>
    /// <param name="prefix">Put before every tensor name.</param>
    /// <exception cref="InvalidSafetensorsException">A tensor is missing or of another type or size, or there is no Hadamard matrix of the order.</exception>
    public static Rotation Read(SafetensorsFile file, string prefix)
    {
        ArgumentNullException.ThrowIfNull(file);
        long order = StoredValues.Int64(file, prefix + OrderName, 1)[0];
        if (order > int.MaxValue || !HadamardMatrix.TryFactor((int)Math.Max(0, order), out HadamardFactorization factorization))
        {
            throw StoredValues.Wrong(file, prefix + OrderName, "the order of a Hadamard matrix", $"{order}");
        }

        bool isKlt = file.TryGet(prefix + EigenvectorsName, out _);
        return new Rotation(factorization, isKlt ? StoredValues.Float64(file, prefix + EigenvectorsName, order * order) : null);
    }

    /// <summary>Reads what <see cref="Write(string)"/> wrote.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidSafetensorsException">The file is damaged or of another kind.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static Rotation Read(string path)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        StoredValues.EnsureFormat(file, Format);
        return Read(file, FilePrefix);
    }

    private static HadamardFactorization Factor(RotationSite site, int width)
    {
        try
        {
            return HadamardMatrix.Factor(width);
        }
        catch (ArgumentException error) when (!HadamardMatrix.IsSupported(width))
        {
            throw new UnsupportedSiteException(
                $"the rotation at {site} mixes {width} channels: {error.Message}. Remove the rotation at {site} from the recipe.", error);
        }
    }
}
