using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Kernels.Cpu;

namespace MambaQuant.Pipeline.Local;

/// <summary>CPU backends that divide the threads of the process among the workers that compute.</summary>
/// <param name="threads">Threads in all; the result does not depend on it.</param>
public sealed class CpuBackends(int threads) : IWorkerBackends, IDisposable
{
    private readonly ThreadShare _share = new(threads);
    private readonly List<CpuKernels> _kernels = [];

    /// <inheritdoc/>
    public int? MostWorkers => null;

    /// <inheritdoc/>
    public IKernels Of(int worker)
    {
        lock (_kernels)
        {
            while (_kernels.Count <= worker)
            {
                _kernels.Add(new CpuKernels(new CpuKernelsOptions { Threads = threads, Share = _share }));
            }

            return _kernels[worker];
        }
    }

    /// <inheritdoc/>
    public IDisposable Begin() => _share.Begin();

    /// <summary>Frees the backends.</summary>
    public void Dispose() => _kernels.ForEach(kernels => kernels.Dispose());
}
