using System.Buffers.Binary;
using System.Text;

namespace MambaQuant.Telemetry.Tests.Receiving;

/// <summary>The fields of one message of protocol buffers, by number, in the order in which they came.</summary>
/// <param name="Fields">Number and content: bytes of a message, text or packed list; or the bits of a number.</param>
internal sealed record ProtoFields(IReadOnlyList<(int Number, byte[] Bytes, ulong Bits)> Fields)
{
    private const int Varint = 0, Fixed64 = 1, Delimited = 2, Fixed32 = 5;

    /// <summary>Reads a message.</summary>
    /// <param name="message">Its bytes.</param>
    /// <exception cref="InvalidDataException">It is none.</exception>
    public static ProtoFields Read(ReadOnlySpan<byte> message)
    {
        List<(int, byte[], ulong)> fields = [];
        int place = 0;
        while (place < message.Length)
        {
            ulong tag = ReadVarint(message, ref place);
            int number = (int)(tag >> 3);
            switch ((int)(tag & 7))
            {
                case Varint:
                    fields.Add((number, [], ReadVarint(message, ref place)));
                    break;
                case Fixed64:
                    fields.Add((number, [], BinaryPrimitives.ReadUInt64LittleEndian(message[place..])));
                    place += sizeof(ulong);
                    break;
                case Delimited:
                    int length = (int)ReadVarint(message, ref place);
                    fields.Add((number, message.Slice(place, length).ToArray(), 0));
                    place += length;
                    break;
                case Fixed32:
                    fields.Add((number, [], BinaryPrimitives.ReadUInt32LittleEndian(message[place..])));
                    place += sizeof(uint);
                    break;
                case var other:
                    throw new InvalidDataException($"field {number} has wire type {other}");
            }
        }

        return new ProtoFields(fields);
    }

    /// <summary>Whether a field is there.</summary>
    /// <param name="number">Its number.</param>
    public bool Has(int number) => Fields.Any(field => field.Number == number);

    /// <summary>Messages of a field.</summary>
    /// <param name="number">Its number.</param>
    public IEnumerable<ProtoFields> Messages(int number) => Fields.Where(field => field.Number == number).Select(field => Read(field.Bytes));

    /// <summary>A text; empty where there is none.</summary>
    /// <param name="number">Its number.</param>
    public string Text(int number) => Encoding.UTF8.GetString(Bytes(number));

    /// <summary>Bytes; none where there are none.</summary>
    /// <param name="number">Its number.</param>
    public byte[] Bytes(int number) => Fields.LastOrDefault(field => field.Number == number).Bytes ?? [];

    /// <summary>A number; 0 where there is none.</summary>
    /// <param name="number">Its number.</param>
    public long Number(int number) => (long)Fields.LastOrDefault(field => field.Number == number).Bits;

    /// <summary>A floating point number; 0 where there is none.</summary>
    /// <param name="number">Its number.</param>
    public double Real(int number) => BitConverter.UInt64BitsToDouble(Fields.LastOrDefault(field => field.Number == number).Bits);

    private static ulong ReadVarint(ReadOnlySpan<byte> message, ref int place)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte next = message[place++];
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }
    }
}
