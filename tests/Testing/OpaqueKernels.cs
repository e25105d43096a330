using System.Diagnostics.CodeAnalysis;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Testing;

/// <summary>A backend whose memory nobody can read but by downloading it: proof that a computation sees only handles, and a count of what it leaks.</summary>
/// <remarks>
/// Every operation is another backend's; tensors are wrapped on the way out and unwrapped on the way in. A tensor that did not come
/// from this instance is refused, as a real device would. Partial by role of the seam.
/// </remarks>
public sealed partial class OpaqueKernels : IKernels, IDisposable
{
    private readonly Lock _lock = new();
    private readonly HashSet<OpaqueTensor> _live = [];
    private readonly IKernels _hidden;

    /// <summary>Hides a CPU backend.</summary>
    /// <param name="threads">Threads that a call may use.</param>
    public OpaqueKernels(int threads = 2)
        : this(new CpuKernels(new CpuKernelsOptions { Threads = threads }))
    {
    }

    /// <summary>Hides a backend.</summary>
    /// <param name="hidden">Does the work; disposed with this instance where it can be.</param>
    public OpaqueKernels(IKernels hidden)
    {
        ArgumentNullException.ThrowIfNull(hidden);
        _hidden = hidden;
    }

    /// <inheritdoc/>
    public string Profile => $"opaque/{_hidden.Profile}";

    /// <summary>Tensors that were made and not disposed; views do not count, they own nothing.</summary>
    public int LiveTensorCount
    {
        get
        {
            lock (_lock)
            {
                return _live.Count;
            }
        }
    }

    /// <summary>Dtype and shape of every live tensor, sorted, for the message of a failed leak test.</summary>
    public IReadOnlyList<string> LiveTensors
    {
        get
        {
            lock (_lock)
            {
                return [.. _live.Select(tensor => tensor.ToString()).Order(StringComparer.Ordinal)];
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => (_hidden as IDisposable)?.Dispose();

    internal void Add(OpaqueTensor tensor)
    {
        lock (_lock)
        {
            _live.Add(tensor);
        }
    }

    internal void Remove(OpaqueTensor tensor)
    {
        lock (_lock)
        {
            _live.Remove(tensor);
        }
    }

    [return: NotNullIfNotNull(nameof(tensor))]
    private OpaqueTensor? Wrap(Tensor? tensor) => tensor is null ? null : new OpaqueTensor(this, tensor, isView: false);

    [return: NotNullIfNotNull(nameof(tensor))]
    private Tensor? Unwrap(Tensor? tensor) => tensor switch
    {
        null => null,
        OpaqueTensor opaque when opaque.Owner == this => opaque.Hidden,
        _ => throw new ArgumentException($"{tensor} on {tensor.Device} does not belong to this backend", nameof(tensor)),
    };

    private ActivationCodes Wrap(ActivationCodes codes) => codes.TokenScales is null
        ? new ActivationCodes(Wrap(codes.Codes), codes.Scale, codes.ZeroPoint)
        : new ActivationCodes(Wrap(codes.Codes), Wrap(codes.TokenScales), Wrap(codes.TokenZeroPoints));

    /// <summary>A view of the same codes; nobody disposes it.</summary>
    private ActivationCodes Unwrap(ActivationCodes codes)
    {
        ArgumentNullException.ThrowIfNull(codes);
        return codes.TokenScales is null
            ? new ActivationCodes(Unwrap(codes.Codes), codes.Scale, codes.ZeroPoint)
            : new ActivationCodes(Unwrap(codes.Codes), Unwrap(codes.TokenScales), Unwrap(codes.TokenZeroPoints));
    }

    /// <summary>A view of the same codes; nobody disposes it.</summary>
    private WeightCodes Unwrap(WeightCodes codes)
    {
        ArgumentNullException.ThrowIfNull(codes);
        return new WeightCodes(Unwrap(codes.Codes), Unwrap(codes.Scales), Unwrap(codes.ZeroPoints), codes.Grid, codes.GroupSize);
    }

    /// <summary>A view of the same transform; nobody disposes it.</summary>
    [return: NotNullIfNotNull(nameof(transform))]
    private HadamardTransform? Unwrap(HadamardTransform? transform) =>
        transform is null ? null : new HadamardTransform(Unwrap(transform.BaseSigns), transform.PowerOfTwo);
}
