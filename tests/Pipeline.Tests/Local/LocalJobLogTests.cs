using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Execution;
using MambaQuant.Pipeline.Local;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Tests.Execution;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Recipes;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Local;

public sealed class LocalJobLogTests : IDisposable
{
    private readonly TinyModel _model = new(TinyModel.Synthetic);
    private readonly CpuKernels _kernels = new(new CpuKernelsOptions { Threads = 1 });

    public void Dispose()
    {
        _kernels.Dispose();
        _model.Dispose();
    }

    [Fact]
    public void EveryItem_IsMadeOrReused_WhateverWasDamagedMeanwhile()
    {
        WorkPlan plan = WorkPlanner.Plan(PlanRun.Request(_model, _kernels, TinyModel.Preset(RecipePresets.MambaQuant)));
        WorkItem[] items = [.. plan.Graph.Items];
        for (int seed = 1; seed <= 50; seed++)
        {
            var random = new Random(seed);
            var log = new LocalJobLog(new StageClock(new StageLog(), TimeProvider.System), new JobWatch(plan, "a store", TimeProvider.System), notice: null) { StoreMayRecover = true };
            bool[] isDone = [.. items.Select(_ => random.Next(2) == 0)];
            log.Reuse(items.Where(item => isDone[item.Index]).Select(item => item.Index));
            int damaged = 0;
            while (damaged < 20 || isDone.Contains(false))
            {
                WorkItem item = items[random.Next(items.Length)];
                if (!isDone[item.Index])
                {
                    // Another process may have made it in between.
                    log.Completed(item, Result(item, wasDone: random.Next(4) == 0));
                    isDone[item.Index] = true;
                }
                else if (damaged < 20 && random.Next(3) == 0)
                {
                    log.Damaged(item, "altered");
                    isDone[item.Index] = false;
                    damaged++;
                }
                else if (random.Next(3) == 0)
                {
                    log.Completed(item, Result(item, wasDone: true)); // the second of two that made it at once
                }
            }

            JobCounts counts = log.Counts(0);
            Assert.Equal(items.Length, counts.Made + counts.Reused);
            Assert.Equal(20, counts.Damaged.Length);
        }
    }

    private static WorkResult Result(WorkItem item, bool wasDone) => new(item.Index, new ItemReceipt(item.Label, [], 0), wasDone, []);
}
