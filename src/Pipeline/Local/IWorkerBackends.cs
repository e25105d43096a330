using MambaQuant.Quant.Kernels;

namespace MambaQuant.Pipeline.Local;

/// <summary>The backends of the workers of one process: one each, all of one numerics profile.</summary>
public interface IWorkerBackends
{
    /// <summary>Most workers that there are backends for; null for as many as are asked for.</summary>
    int? MostWorkers { get; }

    /// <summary>The backend of a worker: always the same one; not to be disposed by the worker.</summary>
    /// <param name="worker">Index of the worker, from 0.</param>
    IKernels Of(int worker);

    /// <summary>Says that a worker computes from now on: threads are divided among those who do.</summary>
    /// <returns>To be disposed at the end.</returns>
    IDisposable Begin();
}
