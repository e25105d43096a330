using System.Buffers;
using System.Collections.ObjectModel;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Safetensors;

/// <summary>Reads one safetensors file; opening it checks everything that its header says.</summary>
/// <remarks>
/// Only the header is held in memory. Values are read at their position into the caller's buffer. Files on a disk are not mapped: mapped
/// pages would count as resident memory of the process until they are given back, and a file cut short by another program
/// would end the process instead of giving an error. Safe for concurrent reads. Needs a little-endian machine.
/// </remarks>
public sealed class SafetensorsFile : IDisposable
{
    // Widening goes through a buffer of this size, large enough for full disk speed, small beside one layer's weights.
    private const int ChunkBytes = 1 << 20;

    private readonly IByteSource _source;
    private readonly Dictionary<string, SafetensorsEntry> _byName;

    private SafetensorsFile(IByteSource source, List<SafetensorsEntry> entries, Dictionary<string, string> metadata)
    {
        Tensors = entries.AsReadOnly();
        Metadata = metadata.AsReadOnly();
        _source = source;
        _byName = entries.ToDictionary(entry => entry.Name, StringComparer.Ordinal);
    }

    /// <summary>What was opened, for messages: a path, or a name in a store.</summary>
    public string Path => _source.Description;

    /// <summary>The file's name without its path.</summary>
    public string Name => _source.Name;

    /// <summary>Where its bytes come from.</summary>
    public IByteSource Source => _source;

    /// <summary>The free text of the header's "__metadata__", often <c>format: pt</c>; empty where there is none.</summary>
    public ReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>All tensors, in the order of their data.</summary>
    public ReadOnlyCollection<SafetensorsEntry> Tensors { get; }

    /// <summary>Opens a file and checks its header.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The open file; dispose it.</returns>
    /// <remarks>Cost: reads the header only; holds a few hundred bytes per tensor.</remarks>
    /// <exception cref="InvalidSafetensorsException">The content is not a correct safetensors file; says where and how.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static SafetensorsFile Open(string path) => Open(new DiskFile(path));

    /// <summary>Checks the header of an open file, and takes the file over.</summary>
    /// <param name="source">The file; owned from now on, and closed where this fails.</param>
    /// <returns>The open file; dispose it.</returns>
    /// <remarks>Cost: reads the header only; holds a few hundred bytes per tensor.</remarks>
    /// <exception cref="InvalidSafetensorsException">The content is not a correct safetensors file; says where and how.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static SafetensorsFile Open(IByteSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        string path = source.Description;
        bool opened = false;
        try
        {
            long fileBytes = source.Length;
            var prefix = new byte[SafetensorsHeader.PrefixBytes];
            int found = source.Read(prefix, 0);
            var json = new byte[SafetensorsHeader.ReadLength(path, prefix.AsSpan(0, found), fileBytes)];
            if (source.Read(json, SafetensorsHeader.PrefixBytes) < json.Length)
            {
                throw SafetensorsErrors.HeaderBeyondEnd(path, json.Length, source.Length - SafetensorsHeader.PrefixBytes);
            }

            var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
            List<SafetensorsEntry> entries = SafetensorsHeader.Parse(path, json, fileBytes, metadata);
            var file = new SafetensorsFile(source, entries, metadata);
            opened = true;
            return file;
        }
        finally
        {
            if (!opened)
            {
                source.Dispose();
            }
        }
    }

    /// <summary>Looks a tensor up.</summary>
    /// <param name="name">The exact name.</param>
    /// <param name="entry">The tensor, where there is one.</param>
    /// <returns>Whether the file holds it.</returns>
    public bool TryGet(string name, [NotNullWhen(true)] out SafetensorsEntry? entry) =>
        _byName.TryGetValue(name, out entry);

    /// <summary>Reads the bytes of a tensor, or a run of them, as they are in the file.</summary>
    /// <param name="entry">A tensor of this file.</param>
    /// <param name="destination">Receives the bytes; its length says how many.</param>
    /// <param name="firstByte">The first byte to read, counted from the tensor's own first.</param>
    /// <exception cref="ArgumentException">The entry is of another file, or the run ends after the tensor.</exception>
    /// <exception cref="InvalidSafetensorsException">The file was cut short since it was opened.</exception>
    public void ReadBytes(SafetensorsEntry entry, Span<byte> destination, long firstByte = 0)
    {
        EnsureOwn(entry);
        ArgumentOutOfRangeException.ThrowIfNegative(firstByte);
        if (destination.Length > entry.SizeBytes - firstByte)
        {
            throw new ArgumentException(
                $"tensor {entry} has {entry.SizeBytes} bytes; {destination.Length} from byte {firstByte} on go beyond it", nameof(destination));
        }

        int read = _source.Read(destination, entry.Offset + firstByte);
        if (read < destination.Length)
        {
            throw SafetensorsErrors.Shrunk(Path, entry, entry.Offset + firstByte + read);
        }
    }

    /// <summary>Reads a whole floating-point tensor as fp32; fp16 and bf16 are widened, exactly.</summary>
    /// <param name="entry">A tensor of this file, F32, F16 or BF16.</param>
    /// <param name="destination">Receives all values, row-major; must have exactly their number.</param>
    /// <exception cref="InvalidSafetensorsException">The tensor has another element type, or the file was cut short.</exception>
    /// <exception cref="ArgumentException">The entry is of another file, or the destination has another length.</exception>
    public void ReadFloat32(SafetensorsEntry entry, Span<float> destination)
    {
        EnsureLength(entry, destination.Length, entry.Shape.ElementCount);
        ReadFloat32Run(entry, 0, destination);
    }

    /// <summary>Reads some rows of a floating-point tensor as fp32, for matrices that are streamed and not held.</summary>
    /// <param name="entry">A tensor of this file, F32, F16 or BF16; all dimensions but the last count as rows.</param>
    /// <param name="firstRow">The first row.</param>
    /// <param name="rowCount">The number of rows.</param>
    /// <param name="destination">Receives [rowCount, columns], row-major; must have exactly that length.</param>
    /// <exception cref="InvalidSafetensorsException">The tensor has another element type, or the file was cut short.</exception>
    /// <exception cref="ArgumentException">The entry is of another file, rows are out of range, or the destination has another length.</exception>
    public void ReadFloat32Rows(SafetensorsEntry entry, int firstRow, int rowCount, Span<float> destination)
    {
        EnsureOwn(entry);
        ArgumentOutOfRangeException.ThrowIfNegative(firstRow);
        ArgumentOutOfRangeException.ThrowIfNegative(rowCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)firstRow + rowCount, entry.Shape.Rows, nameof(rowCount));
        EnsureLength(entry, destination.Length, (long)rowCount * entry.Shape.Columns);
        ReadFloat32Run(entry, (long)firstRow * entry.Shape.Columns, destination);
    }

    /// <summary>Reads a whole I8 tensor.</summary>
    /// <param name="entry">A tensor of this file.</param>
    /// <param name="destination">Receives all values; must have exactly their number.</param>
    /// <exception cref="InvalidSafetensorsException">The tensor has another element type, or the file was cut short.</exception>
    /// <exception cref="ArgumentException">The entry is of another file, or the destination has another length.</exception>
    public void ReadInt8(SafetensorsEntry entry, Span<sbyte> destination) => ReadExactly(entry, DType.I8, destination);

    /// <summary>Reads a whole I32 tensor.</summary>
    /// <inheritdoc cref="ReadInt8" path="/param"/>
    /// <inheritdoc cref="ReadInt8" path="/exception"/>
    public void ReadInt32(SafetensorsEntry entry, Span<int> destination) => ReadExactly(entry, DType.I32, destination);

    /// <summary>Reads a whole I64 tensor.</summary>
    /// <inheritdoc cref="ReadInt8" path="/param"/>
    /// <inheritdoc cref="ReadInt8" path="/exception"/>
    public void ReadInt64(SafetensorsEntry entry, Span<long> destination) => ReadExactly(entry, DType.I64, destination);

    /// <summary>Reads a whole F64 tensor.</summary>
    /// <inheritdoc cref="ReadInt8" path="/param"/>
    /// <inheritdoc cref="ReadInt8" path="/exception"/>
    public void ReadFloat64(SafetensorsEntry entry, Span<double> destination) => ReadExactly(entry, DType.F64, destination);

    /// <summary>Closes the file.</summary>
    public void Dispose() => _source.Dispose();

    private static void EnsureLength(SafetensorsEntry entry, int given, long needed)
    {
        if (given != needed)
        {
            throw new ArgumentException($"tensor {entry}: the destination holds {given} values, exactly {needed} are read");
        }
    }

    private void EnsureOwn(SafetensorsEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        if (!_byName.TryGetValue(entry.Name, out SafetensorsEntry? own) || own != entry)
        {
            throw new ArgumentException($"tensor {entry} is not of the file '{Path}'", nameof(entry));
        }
    }

    private void ReadExactly<T>(SafetensorsEntry entry, DType dtype, Span<T> destination)
        where T : unmanaged
    {
        if (entry.DType != dtype)
        {
            throw SafetensorsErrors.WrongDType(Path, entry, DTypeNames.Of(dtype));
        }

        EnsureLength(entry, destination.Length, entry.Shape.ElementCount);
        ReadRun(entry, 0, destination);
    }

    private void ReadFloat32Run(SafetensorsEntry entry, long firstElement, Span<float> destination)
    {
        switch (entry.DType)
        {
            case DType.F32:
                ReadRun(entry, firstElement, destination);
                break;
            case DType.F16:
                ReadWidened<Half>(entry, firstElement, destination, HalfConversion.WidenFloat16);
                break;
            case DType.BF16:
                ReadWidened<ushort>(entry, firstElement, destination, HalfConversion.WidenBFloat16);
                break;
            default:
                throw SafetensorsErrors.WrongDType(Path, entry, "F32, F16 or BF16");
        }
    }

    private void ReadWidened<T>(SafetensorsEntry entry, long firstElement, Span<float> destination, Widen<T> widen)
        where T : unmanaged
    {
        byte[] chunk = ArrayPool<byte>.Shared.Rent((int)Math.Min(ChunkBytes, 2L * destination.Length));
        try
        {
            Span<T> values = MemoryMarshal.Cast<byte, T>(chunk.AsSpan());
            for (int done = 0; done < destination.Length;)
            {
                int count = Math.Min(values.Length, destination.Length - done);
                ReadRun(entry, firstElement + done, values[..count]);
                widen(values[..count], destination.Slice(done, count));
                done += count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }
    }

    // A span of values can have more bytes than a span of bytes can count, so long runs are read in pieces.
    private void ReadRun<T>(SafetensorsEntry entry, long firstElement, Span<T> destination)
        where T : unmanaged
    {
        const int PieceBytes = 1 << 30;
        int size = Unsafe.SizeOf<T>();
        int piece = PieceBytes / size;
        for (int done = 0; done < destination.Length; done += piece)
        {
            Span<T> part = destination.Slice(done, Math.Min(piece, destination.Length - done));
            ReadBytes(entry, MemoryMarshal.AsBytes(part), checked((firstElement + done) * size));
        }
    }

    private delegate void Widen<T>(ReadOnlySpan<T> source, Span<float> destination);
}
