using MambaQuant.Quant.Kernels;

namespace MambaQuant.Pipeline.Local;

/// <summary>One backend, so one worker.</summary>
/// <param name="kernels">The backend; not owned.</param>
internal sealed class SingleBackend(IKernels kernels) : IWorkerBackends
{
    public int? MostWorkers => 1;

    public IKernels Of(int worker) => worker == 0
        ? kernels
        : throw new ArgumentOutOfRangeException(nameof(worker), worker, "there is one backend, so one worker");

    public IDisposable Begin() => new Nothing();

    private sealed class Nothing : IDisposable
    {
        public void Dispose()
        {
        }
    }
}
