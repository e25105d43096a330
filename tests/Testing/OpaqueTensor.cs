using MambaQuant.Quant.Tensors;

namespace MambaQuant.Testing;

/// <summary>A tensor of <see cref="OpaqueKernels"/>: a handle that no other backend can read.</summary>
public sealed class OpaqueTensor : Tensor
{
    private readonly OpaqueKernels _owner;
    private readonly bool _isView;

    internal OpaqueTensor(OpaqueKernels owner, Tensor hidden, bool isView)
        : base(hidden.DType, hidden.Shape)
    {
        _owner = owner;
        _isView = isView;
        Hidden = hidden;
        if (!isView)
        {
            owner.Add(this);
        }
    }

    /// <inheritdoc/>
    public override string Device => "opaque";

    /// <summary>The tensor behind the handle.</summary>
    internal Tensor Hidden { get; }

    /// <summary>The backend that made it.</summary>
    internal OpaqueKernels Owner => _owner;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (!_isView)
        {
            _owner.Remove(this);
        }

        Hidden.Dispose();
    }
}
