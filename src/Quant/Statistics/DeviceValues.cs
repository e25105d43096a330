using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Statistics;

/// <summary>Brings whole tensors to the host.</summary>
internal static class DeviceValues
{
    /// <summary>All values of a tensor in a new array.</summary>
    /// <typeparam name="T">The type that matches the tensor's dtype.</typeparam>
    /// <param name="memory">The backend.</param>
    /// <param name="tensor">A tensor of at most 2³¹−1 elements.</param>
    public static T[] ToArray<T>(this ITensorMemory memory, Tensor tensor)
        where T : unmanaged
    {
        var values = new T[checked((int)tensor.Shape.ElementCount)];
        memory.Download(tensor, values.AsSpan());
        return values;
    }
}
