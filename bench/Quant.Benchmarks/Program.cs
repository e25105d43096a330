using BenchmarkDotNet.Running;
using MambaQuant.Quant.Benchmarks;
using MambaQuant.Quant.Benchmarks.Comparison;

if (args is ["linear-algebra", ..])
{
    return LinearAlgebraReport.Run(args.AsSpan(1));
}

BenchmarkSwitcher.FromAssembly(typeof(KernelConfig).Assembly).Run(args, new KernelConfig());
return 0;
