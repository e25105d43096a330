namespace MambaQuant.Quant.Tensors;

/// <summary>A handle to numbers that a compute backend owns: dtype, shape, device; never the memory itself.</summary>
/// <remarks>
/// Values go in and out through the backend that made the handle (its Upload and Download). Always contiguous and
/// row-major. Dispose returns the memory to the backend; a view (see the backend's Rows) does not own it.
/// Not thread-safe: one owner at a time.
/// </remarks>
public abstract class Tensor : IDisposable
{
    /// <summary>Makes a handle.</summary>
    /// <param name="dtype">The element type.</param>
    /// <param name="shape">The extents.</param>
    protected Tensor(DType dtype, Shape shape)
    {
        DType = dtype;
        Shape = shape;
    }

    /// <summary>The element type.</summary>
    public DType DType { get; }

    /// <summary>The extents.</summary>
    public Shape Shape { get; }

    /// <summary>The device that holds the memory, such as "cpu" or "cuda:0".</summary>
    public abstract string Device { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Element type and shape, such as "F32 [2, 128, 256]".</summary>
    public override string ToString() => $"{DType} {Shape}";

    /// <summary>Returns the memory to the backend; calling it again has no effect.</summary>
    /// <param name="disposing">False when called by a finalizer.</param>
    protected abstract void Dispose(bool disposing);
}
