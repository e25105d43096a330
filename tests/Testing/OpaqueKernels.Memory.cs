using MambaQuant.Quant.Tensors;

namespace MambaQuant.Testing;

/// <content>Memory.</content>
public sealed partial class OpaqueKernels
{
    /// <inheritdoc/>
    public Tensor Allocate(DType dtype, Shape shape) => Wrap(_hidden.Allocate(dtype, shape));

    /// <inheritdoc/>
    public Tensor Upload<T>(ReadOnlySpan<T> values, Shape shape)
        where T : unmanaged => Wrap(_hidden.Upload(values, shape));

    /// <inheritdoc/>
    public void Download<T>(Tensor tensor, Span<T> values)
        where T : unmanaged => _hidden.Download(Unwrap(tensor), values);

    /// <inheritdoc/>
    public Tensor Rows(Tensor tensor, int first, int count) => new OpaqueTensor(this, _hidden.Rows(Unwrap(tensor), first, count), isView: true);

    /// <inheritdoc/>
    public Tensor Reshape(Tensor tensor, Shape shape) => new OpaqueTensor(this, _hidden.Reshape(Unwrap(tensor), shape), isView: true);

    /// <inheritdoc/>
    public void Copy(Tensor source, Tensor destination) => _hidden.Copy(Unwrap(source), Unwrap(destination));

    /// <inheritdoc/>
    public Tensor Clone(Tensor source) => Wrap(_hidden.Clone(Unwrap(source)));
}
