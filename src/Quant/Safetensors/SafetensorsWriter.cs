using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Safetensors;

/// <summary>Writes one safetensors file as a stream: all tensors are declared first, then their values arrive in pieces.</summary>
/// <remarks>
/// Values of one tensor are appended in row-major order, in any number of calls; tensors may take turns in any order, since each
/// has its place from the start. In the file wide element types come first, else declared order: so every tensor lies on a
/// multiple of its element size, which stock readers need. The bytes depend on declarations, metadata and values only.
/// Written beside and renamed by <see cref="Complete"/>; disposing earlier leaves nothing. Needs a little-endian machine.
/// Not thread-safe.
/// </remarks>
public sealed class SafetensorsWriter : IDisposable
{
    private const int HeaderAlignment = 8;
    private const int ChunkElements = 1 << 17;

    private static readonly JsonWriterOptions _headerFormat = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Dictionary<string, Slot> _slots;
    private readonly PartialFile _file;
    private readonly string _path;
    private readonly bool _flushes;
    private bool _sealed;

    /// <summary>Starts a file.</summary>
    /// <param name="path">The final path; an older file there is replaced on completion.</param>
    /// <param name="tensors">Everything that will be written.</param>
    /// <param name="metadata">Free text for the header, written in order of the keys; none by default.</param>
    /// <param name="flush">Whether the file is brought to the disk before it gets its name; false for intermediates, which are made again after a power cut.</param>
    /// <exception cref="ArgumentException">A name is empty, reserved or there twice, or the header gets longer than readers accept.</exception>
    /// <exception cref="IOException">The file cannot be made, or the disk has no room for all of it.</exception>
    public SafetensorsWriter(
        string path,
        IReadOnlyList<SafetensorsDeclaration> tensors,
        IReadOnlyDictionary<string, string>? metadata = null,
        bool flush = true)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(tensors);
        EnsureNames(tensors);
        List<SafetensorsDeclaration> ordered = [.. tensors.OrderByDescending(tensor => tensor.DType.SizeBytes())];
        byte[] header = MakeHeader(ordered, metadata);
        _path = path;
        _flushes = flush;
        _slots = new Dictionary<string, Slot>(StringComparer.Ordinal);
        long position = header.Length;
        foreach (SafetensorsDeclaration tensor in ordered)
        {
            _slots.Add(tensor.Name, new Slot(tensor, position));
            position = checked(position + tensor.SizeBytes);
        }

        _file = new PartialFile(path, position);
        Guarded(header, 0);
    }

    /// <summary>Appends values of an F32 tensor.</summary>
    /// <param name="name">A declared tensor.</param>
    /// <param name="values">Its next values.</param>
    /// <exception cref="ArgumentException">The name is not declared, its element type is another, or the values are more than declared.</exception>
    /// <exception cref="IOException">The disk is full or failed; the partial file is gone.</exception>
    public void Write(string name, ReadOnlySpan<float> values) => Append(name, DType.F32, values);

    /// <summary>Appends values of an F64 tensor.</summary>
    /// <inheritdoc cref="Write(string, ReadOnlySpan{float})" path="/param"/>
    /// <inheritdoc cref="Write(string, ReadOnlySpan{float})" path="/exception"/>
    public void Write(string name, ReadOnlySpan<double> values) => Append(name, DType.F64, values);

    /// <summary>Appends values of an I8 tensor.</summary>
    /// <inheritdoc cref="Write(string, ReadOnlySpan{float})" path="/param"/>
    /// <inheritdoc cref="Write(string, ReadOnlySpan{float})" path="/exception"/>
    public void Write(string name, ReadOnlySpan<sbyte> values) => Append(name, DType.I8, values);

    /// <summary>Appends values of an I32 tensor.</summary>
    /// <inheritdoc cref="Write(string, ReadOnlySpan{float})" path="/param"/>
    /// <inheritdoc cref="Write(string, ReadOnlySpan{float})" path="/exception"/>
    public void Write(string name, ReadOnlySpan<int> values) => Append(name, DType.I32, values);

    /// <summary>Appends values of an I64 tensor.</summary>
    /// <inheritdoc cref="Write(string, ReadOnlySpan{float})" path="/param"/>
    /// <inheritdoc cref="Write(string, ReadOnlySpan{float})" path="/exception"/>
    public void Write(string name, ReadOnlySpan<long> values) => Append(name, DType.I64, values);

    /// <summary>Appends bytes of a tensor of any element type, as they shall stand in the file.</summary>
    /// <param name="name">A declared tensor.</param>
    /// <param name="bytes">Its next bytes, little-endian.</param>
    /// <exception cref="ArgumentException">The name is not declared, or the bytes are more than declared.</exception>
    /// <exception cref="IOException">The disk is full or failed; the partial file is gone.</exception>
    public void WriteBytes(string name, ReadOnlySpan<byte> bytes) => AppendBytes(Find(name), bytes);

    /// <summary>Appends fp32 values to an F16 tensor, rounded to nearest, ties to even.</summary>
    /// <param name="name">A declared tensor of type F16.</param>
    /// <param name="values">Its next values.</param>
    /// <exception cref="ArgumentException">As for <see cref="Write(string, ReadOnlySpan{float})"/>.</exception>
    /// <exception cref="OverflowException">A finite value is beyond fp16's range (65504); it is named, nothing is clamped.</exception>
    /// <exception cref="IOException">The disk is full or failed; the partial file is gone.</exception>
    public void WriteFloat16(string name, ReadOnlySpan<float> values) =>
        AppendNarrowed<Half>(name, DType.F16, values, HalfConversion.NarrowFloat16, half => Half.IsInfinity(half));

    /// <summary>Appends fp32 values to a BF16 tensor, rounded to nearest, ties to even.</summary>
    /// <param name="name">A declared tensor of type BF16.</param>
    /// <param name="values">Its next values.</param>
    /// <exception cref="ArgumentException">As for <see cref="Write(string, ReadOnlySpan{float})"/>.</exception>
    /// <exception cref="OverflowException">A finite value is beyond bf16's range; it is named, nothing is clamped.</exception>
    /// <exception cref="IOException">The disk is full or failed; the partial file is gone.</exception>
    public void WriteBFloat16(string name, ReadOnlySpan<float> values) =>
        AppendNarrowed<ushort>(name, DType.BF16, values, HalfConversion.NarrowBFloat16, bits => (bits & 0x7FFF) == 0x7F80);

    /// <summary>Appends fp32 values to a tensor declared as F32, F16 or BF16, converting as its element type asks.</summary>
    /// <param name="name">A declared tensor.</param>
    /// <param name="values">Its next values.</param>
    /// <exception cref="ArgumentException">As for <see cref="Write(string, ReadOnlySpan{float})"/>.</exception>
    /// <exception cref="OverflowException">A finite value is beyond the range of the element type.</exception>
    /// <exception cref="IOException">The disk is full or failed; the partial file is gone.</exception>
    public void WriteConverted(string name, ReadOnlySpan<float> values)
    {
        switch (Find(name).Tensor.DType)
        {
            case DType.F16:
                WriteFloat16(name, values);
                break;
            case DType.BF16:
                WriteBFloat16(name, values);
                break;
            default:
                Write(name, values);
                break;
        }
    }

    /// <summary>Finishes the file: checks that every declared value came, brings the bytes to the disk (unless told otherwise) and gives the file its name.</summary>
    /// <exception cref="InvalidOperationException">A tensor is not written to its end; it is named.</exception>
    /// <exception cref="IOException">The disk is full or failed; the partial file is gone.</exception>
    public void Complete()
    {
        Seal();
        Publish();
    }

    /// <summary>Closes the file; unless it was completed, deletes what was written.</summary>
    public void Dispose() => _file.Dispose();

    /// <summary>The first half of <see cref="Complete"/>: all is on the disk, still under the partial name.</summary>
    internal void Seal()
    {
        foreach (Slot slot in _slots.Values)
        {
            if (slot.Written != slot.Tensor.SizeBytes)
            {
                throw new InvalidOperationException(
                    $"'{_path}' cannot be completed: tensor '{slot.Tensor.Name}' has {slot.Written} of {slot.Tensor.SizeBytes} bytes");
            }
        }

        _file.Seal(_flushes);
        _sealed = true;
    }

    /// <summary>The second half of <see cref="Complete"/>: the sealed file takes its final name.</summary>
    internal void Publish() => _file.Publish();

    private static void EnsureNames(IReadOnlyList<SafetensorsDeclaration> tensors)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (SafetensorsDeclaration tensor in tensors)
        {
            bool isText = !string.IsNullOrEmpty(tensor.Name) && !tensor.Name.EnumerateRunes().Contains(Rune.ReplacementChar);
            if (!isText || tensor.Name == SafetensorsHeader.MetadataKey)
            {
                throw new ArgumentException($"'{tensor.Name}' cannot be the name of a tensor", nameof(tensors));
            }

            if (!names.Add(tensor.Name))
            {
                throw new ArgumentException($"tensor '{tensor.Name}' is declared twice", nameof(tensors));
            }
        }
    }

    private static byte[] MakeHeader(List<SafetensorsDeclaration> ordered, IReadOnlyDictionary<string, string>? metadata)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, _headerFormat))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                json.WriteStartObject(SafetensorsHeader.MetadataKey);
                foreach ((string key, string value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                {
                    json.WriteString(key, value);
                }

                json.WriteEndObject();
            }

            long begin = 0;
            foreach (SafetensorsDeclaration tensor in ordered)
            {
                long end = checked(begin + tensor.SizeBytes);
                WriteEntry(json, tensor, begin, end);
                begin = end;
            }

            json.WriteEndObject();
        }

        int padded = checked((buffer.WrittenCount + HeaderAlignment - 1) / HeaderAlignment * HeaderAlignment);
        if (padded > SafetensorsHeader.MaxBytes)
        {
            throw new ArgumentException($"the header takes {padded} bytes, readers accept {SafetensorsHeader.MaxBytes}: write several files");
        }

        var header = new byte[SafetensorsHeader.PrefixBytes + padded];
        BinaryPrimitives.WriteUInt64LittleEndian(header, (ulong)padded);
        buffer.WrittenSpan.CopyTo(header.AsSpan(SafetensorsHeader.PrefixBytes));
        header.AsSpan(SafetensorsHeader.PrefixBytes + buffer.WrittenCount).Fill((byte)' ');
        return header;
    }

    private static void WriteEntry(Utf8JsonWriter json, SafetensorsDeclaration tensor, long begin, long end)
    {
        json.WriteStartObject(tensor.Name);
        json.WriteString("dtype", DTypeNames.Of(tensor.DType));
        json.WriteStartArray("shape");
        foreach (int extent in tensor.Shape.Extents)
        {
            json.WriteNumberValue(extent);
        }

        json.WriteEndArray();
        json.WriteStartArray("data_offsets");
        json.WriteNumberValue(begin);
        json.WriteNumberValue(end);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private Slot Find(string name) => _slots.TryGetValue(name, out Slot? slot)
        ? slot
        : throw new ArgumentException($"tensor '{name}' was not declared for '{_path}'", nameof(name));

    private Slot Find(string name, DType dtype)
    {
        Slot slot = Find(name);
        return slot.Tensor.DType == dtype
            ? slot
            : throw new ArgumentException(
                $"tensor '{name}' was declared as {DTypeNames.Of(slot.Tensor.DType)}, values of {DTypeNames.Of(dtype)} are given", nameof(name));
    }

    private void Append<T>(string name, DType dtype, ReadOnlySpan<T> values)
        where T : unmanaged
    {
        Slot slot = Find(name, dtype);
        for (int done = 0; done < values.Length; done += ChunkElements)
        {
            AppendBytes(slot, MemoryMarshal.AsBytes(values.Slice(done, Math.Min(ChunkElements, values.Length - done))));
        }
    }

    private void AppendNarrowed<T>(string name, DType dtype, ReadOnlySpan<float> values, Narrow<T> narrow, Func<T, bool> isInfinite)
        where T : unmanaged
    {
        Slot slot = Find(name, dtype);
        T[] chunk = ArrayPool<T>.Shared.Rent(Math.Min(ChunkElements, values.Length));
        try
        {
            for (int done = 0; done < values.Length;)
            {
                ReadOnlySpan<float> part = values.Slice(done, Math.Min(chunk.Length, values.Length - done));
                narrow(part, chunk);
                for (int i = 0; i < part.Length; i++)
                {
                    if (isInfinite(chunk[i]) && float.IsFinite(part[i]))
                    {
                        throw new OverflowException(
                            $"tensor '{name}' of '{_path}': the value {part[i]} is beyond the range of {DTypeNames.Of(dtype)}; declare it as F32");
                    }
                }

                AppendBytes(slot, MemoryMarshal.AsBytes(chunk.AsSpan(0, part.Length)));
                done += part.Length;
            }
        }
        finally
        {
            ArrayPool<T>.Shared.Return(chunk);
        }
    }

    private void AppendBytes(Slot slot, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > slot.Tensor.SizeBytes - slot.Written)
        {
            throw new ArgumentException(
                $"tensor '{slot.Tensor.Name}' of '{_path}' has {slot.Tensor.SizeBytes} bytes, {slot.Written} are written, {bytes.Length} more are given");
        }

        Guarded(bytes, slot.Position + slot.Written);
        slot.Written += bytes.Length;
    }

    // A failed write ends the file at once: nothing half-written stays, even if the caller forgets to dispose.
    private void Guarded(ReadOnlySpan<byte> bytes, long position)
    {
        ObjectDisposedException.ThrowIf(_sealed, this);
        bool written = false;
        try
        {
            _file.Write(bytes, position);
            written = true;
        }
        finally
        {
            if (!written)
            {
                _file.Dispose();
            }
        }
    }

    private delegate void Narrow<T>(ReadOnlySpan<float> source, Span<T> destination);

    private sealed class Slot(SafetensorsDeclaration tensor, long position)
    {
        public SafetensorsDeclaration Tensor { get; } = tensor;

        public long Position { get; } = position;

        public long Written { get; set; }
    }
}
