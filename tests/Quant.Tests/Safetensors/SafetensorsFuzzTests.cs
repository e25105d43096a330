using System.Buffers.Binary;
using System.Text;
using MambaQuant.Quant.Safetensors;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Quant.Tests.Safetensors;

/// <summary>
/// Seeded mutations of correct files. Whatever comes out, it is a correct read or an <see cref="InvalidSafetensorsException"/>,
/// without large memory.
/// </summary>
public sealed class SafetensorsFuzzTests : IDisposable
{
    private static readonly string[] _numbers =
        ["0", "1", "-1", "4", "2147483647", "2147483648", "4294967296", "9223372036854775807", "9223372036854775808", "18446744073709551616", "1e5", "1.5", "null", "\"0\"", "[]", "{}"];

    private readonly TemporaryDirectory _directory = new();

    private static int Iterations { get; } = FuzzRun.Count(400);

    [Fact]
    public void MutatedBytes_AreReadOrRefused()
    {
        byte[] valid = RawSafetensors.Valid();
        int headerEnd = valid.Length - 44;
        var random = new Random(20_240_501);
        for (int iteration = 0; iteration < Iterations; iteration++)
        {
            byte[] mutant = (byte[])valid.Clone();
            for (int count = random.Next(1, 5); count > 0; count--)
            {
                int at = random.Next(headerEnd);
                mutant[at] = random.Next(3) switch
                {
                    0 => (byte)random.Next(256),
                    1 => (byte)(mutant[at] ^ (1 << random.Next(8))),
                    _ => (byte)"{}[],:\"0123456789\\"[random.Next(18)],
                };
            }

            if (random.Next(4) == 0)
            {
                mutant = mutant[..random.Next(mutant.Length)];
            }

            Check(SafetensorsFileIsReadOrRefused, mutant, iteration);
        }
    }

    [Fact]
    public void MutatedNumbersAndPieces_AreReadOrRefused()
    {
        byte[] valid = RawSafetensors.Valid();
        string header = Encoding.UTF8.GetString(valid, 8, valid.Length - 52);
        var random = new Random(20_240_502);
        for (int iteration = 0; iteration < Iterations; iteration++)
        {
            string text = header;
            for (int count = random.Next(1, 4); count > 0; count--)
            {
                text = Mutate(text, random);
            }

            Check(SafetensorsFileIsReadOrRefused, RawSafetensors.File(text, random.Next(8) == 0 ? random.Next(60) : 44), iteration);
        }
    }

    [Fact]
    public void MutatedHeaderLength_IsReadOrRefused()
    {
        byte[] valid = RawSafetensors.Valid();
        var random = new Random(20_240_503);
        for (int iteration = 0; iteration < Iterations; iteration++)
        {
            byte[] mutant = (byte[])valid.Clone();
            BinaryPrimitives.WriteUInt64LittleEndian(mutant, (ulong)random.NextInt64() >> random.Next(64));
            Check(SafetensorsFileIsReadOrRefused, mutant, iteration);
        }
    }

    [Fact]
    public void MutatedIndex_IsReadOrRefused()
    {
        _directory.Write("one.safetensors", RawSafetensors.File("""{"a":{"dtype":"I8","shape":[2],"data_offsets":[0,2]}}""", 2));
        _directory.Write("two.safetensors", RawSafetensors.File("""{"c":{"dtype":"I8","shape":[1],"data_offsets":[0,1]}}""", 1));
        const string Index = """{"metadata":{"total_size":3},"weight_map":{"a":"one.safetensors","c":"two.safetensors"}}""";
        var random = new Random(20_240_504);
        for (int iteration = 0; iteration < Iterations; iteration++)
        {
            byte[] mutant = Encoding.UTF8.GetBytes(Mutate(Index, random));
            mutant[random.Next(mutant.Length)] ^= (byte)(random.Next(4) == 0 ? 1 << random.Next(8) : 0);
            _directory.Write(CheckpointTensors.IndexFileName, mutant);
            Check(_ => CheckpointTensors.Open(_directory.Path).Dispose(), mutant, iteration);
        }
    }

    public void Dispose() => _directory.Dispose();

    private static string Mutate(string text, Random random)
    {
        int from = random.Next(text.Length);
        int length = Math.Min(random.Next(1, 30), text.Length - from);
        switch (random.Next(4))
        {
            case 0:
                return text.Remove(from, length);
            case 1:
                return text.Insert(random.Next(text.Length), text.Substring(from, length));
            case 2:
                return text.Insert(from, new string("[{\"\\"[random.Next(4)], random.Next(1, 2000)));
            default:
                int digit = text.AsSpan(from).IndexOfAnyInRange('0', '9') + from;
                int end = digit;
                while (end < text.Length && char.IsAsciiDigit(text[end]))
                {
                    end++;
                }

                return digit < from ? text : string.Concat(text.AsSpan(0, digit), _numbers[random.Next(_numbers.Length)], text.AsSpan(end));
        }
    }

    private static void Check(Action<byte[]> read, byte[] mutant, int iteration)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            read(mutant);
        }
        catch (InvalidSafetensorsException)
        {
            // The expected end of most mutants.
        }
        catch (Exception exception) when (exception is not Xunit.Sdk.XunitException)
        {
            Assert.Fail($"iteration {iteration}: {exception}\n{Convert.ToHexString(mutant)}");
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2_000_000);
    }

    private void SafetensorsFileIsReadOrRefused(byte[] mutant)
    {
        using SafetensorsFile file = SafetensorsFile.Open(_directory.Write("mutant.safetensors", mutant));
        long total = 0;
        foreach (SafetensorsEntry entry in file.Tensors)
        {
            Assert.Equal(mutant.Length - file.Tensors.Sum(tensor => tensor.SizeBytes) + total, entry.Offset);
            var bytes = new byte[entry.SizeBytes];
            file.ReadBytes(entry, bytes);
            Assert.True(mutant.AsSpan((int)entry.Offset, bytes.Length).SequenceEqual(bytes));
            total += entry.SizeBytes;
        }
    }
}
