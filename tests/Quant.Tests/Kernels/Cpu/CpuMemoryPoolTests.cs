using MambaQuant.Quant.Kernels.Cpu;
using Xunit;

namespace MambaQuant.Quant.Tests.Kernels.Cpu;

public sealed unsafe class CpuMemoryPoolTests
{
    [Fact]
    public void ReturnedBlock_IsRentedAgain()
    {
        using CpuMemoryPool pool = new(limitBytes: 1 << 20);
        byte* first = pool.Rent(1000);
        pool.Return(first, 1000);
        Assert.Equal(1024, pool.KeptBytes);
        byte* second = pool.Rent(1024);
        Assert.True(first == second);
        Assert.Equal((1024, 0), (pool.LiveBytes, pool.KeptBytes));
        pool.Return(second, 1024);
    }

    [Fact]
    public void FullPool_GivesUpTheSizesThatWereNotUsedForLongest()
    {
        using CpuMemoryPool pool = new(limitBytes: 8192);
        RentAndReturn(pool, 2048, 2);
        RentAndReturn(pool, 1024, 2);
        RentAndReturn(pool, 512, 4);
        Assert.Equal(8192, pool.KeptBytes);

        // Asking for a size renews it, so that the one in the middle is the oldest now.
        byte* renewed = pool.Rent(2048);
        pool.Return(renewed, 2048);
        byte* other = pool.Rent(4096);
        Assert.Equal(8192, pool.KeptBytes);
        pool.Return(other, 4096);

        Assert.Equal(8192, pool.KeptBytes);
        Assert.True(IsKept(pool, 4096));
        Assert.True(IsKept(pool, 2048));
        Assert.False(IsKept(pool, 1024));
        Assert.False(IsKept(pool, 512));
    }

    [Fact]
    public void StageThatChangesSizes_KeepsReusing()
    {
        using CpuMemoryPool pool = new(limitBytes: 1 << 16);
        for (int stage = 1; stage <= 40; stage++)
        {
            RentAndReturn(pool, stage * 1024, 3);
            Assert.True(IsKept(pool, stage * 1024));
            Assert.InRange(pool.KeptBytes, 1, 1 << 16);
        }

        Assert.Equal(0, pool.LiveBytes);
    }

    [Fact]
    public void BlockAboveTheLimit_PushesNothingOut()
    {
        using CpuMemoryPool pool = new(limitBytes: 4096);
        RentAndReturn(pool, 1024, 4);
        RentAndReturn(pool, 8192, 1);
        Assert.Equal(4096, pool.KeptBytes);
        Assert.True(IsKept(pool, 1024));
    }

    [Fact]
    public void DisposedPool_KeepsNothing()
    {
        CpuMemoryPool pool = new(limitBytes: 1 << 20);
        RentAndReturn(pool, 1024, 2);
        byte* alive = pool.Rent(512);
        pool.Dispose();
        Assert.Equal(0, pool.KeptBytes);
        pool.Return(alive, 512);
        Assert.Equal((0, 0), (pool.LiveBytes, pool.KeptBytes));
    }

    private static bool IsKept(CpuMemoryPool pool, long bytes)
    {
        long before = pool.KeptBytes;
        byte* block = pool.Rent(bytes);
        bool kept = pool.KeptBytes < before;
        pool.Return(block, bytes);
        return kept;
    }

    private static void RentAndReturn(CpuMemoryPool pool, long bytes, int count)
    {
        var blocks = new nint[count];
        for (int i = 0; i < count; i++)
        {
            blocks[i] = (nint)pool.Rent(bytes);
        }

        foreach (nint block in blocks)
        {
            pool.Return((byte*)block, bytes);
        }
    }
}
