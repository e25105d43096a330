using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Safetensors;

/// <summary>The sentences that say how a safetensors file is wrong: file, tensor, expected, found, next step.</summary>
internal static class SafetensorsErrors
{
    private const string Refetch = "The file is damaged or its download is incomplete: fetch it again.";
    private const string Rewrite = "The file was not written by a correct safetensors writer: convert the model again.";

    public static InvalidSafetensorsException TooShort(string path, long length) => new(
        $"'{path}' is not a safetensors file: expected at least 8 bytes (the header length), found {length}. {Refetch}");

    public static InvalidSafetensorsException HeaderTooLong(string path, ulong length, long limit) => new(
        $"'{path}' is not a safetensors file: its first 8 bytes give a header of {length} bytes, at most {limit} are allowed. {Refetch}");

    public static InvalidSafetensorsException HeaderBeyondEnd(string path, long length, long available) => new(
        $"'{path}' is truncated: a header of {length} bytes is announced, {available} bytes follow. {Refetch}");

    public static InvalidSafetensorsException HeaderStart(string path, string found) => new(
        $"'{path}' is not a safetensors file: the header starts with {found}, expected '{{'. {Refetch}");

    public static InvalidSafetensorsException NotUtf8(string path) => new(
        $"'{path}' has a damaged header: expected UTF-8 text, found other bytes. {Refetch}");

    public static InvalidSafetensorsException NotJson(string path, Exception cause) => new(
        $"'{path}' has a damaged header: expected one JSON object, found otherwise ({Clip(cause.Message)}). {Refetch}", cause);

    public static InvalidSafetensorsException Duplicate(string path, string where, string key) => new(
        $"'{path}': {where} has the key {Quote(key)} twice, expected once. {Rewrite}");

    public static InvalidSafetensorsException Field(string path, string tensor, string expected, string found) => new(
        $"'{path}', tensor {Quote(tensor)}: expected {expected}, found {found}. {Rewrite}");

    public static InvalidSafetensorsException Metadata(string path, string found) => new(
        $"'{path}': expected '__metadata__' to be an object of strings, found {found}. {Rewrite}");

    public static InvalidSafetensorsException UnknownDType(string path, string tensor, string found) => new(
        $"'{path}', tensor {Quote(tensor)}: element type {Quote(found)} is not one of those read here ({DTypeNames.All}). Convert the model to one of them first.");

    public static InvalidSafetensorsException SizeOverflow(string path, string tensor, string shape) => new(
        $"'{path}', tensor {Quote(tensor)}: the shape [{shape}] has more elements or bytes than 64 bits can count. {Rewrite}");

    public static InvalidSafetensorsException SizeMismatch(string path, string tensor, DType dtype, Shape shape, long expected, long found) => new(
        $"'{path}', tensor {Quote(tensor)}: {DTypeNames.Of(dtype)} {shape} takes {expected} bytes, the offsets give {found}. {Rewrite}");

    public static InvalidSafetensorsException OffsetsReversed(string path, string tensor, long begin, long end) => new(
        $"'{path}', tensor {Quote(tensor)}: expected data_offsets [begin, end] with 0 <= begin <= end, found [{begin}, {end}]. {Rewrite}");

    public static InvalidSafetensorsException OutOfRange(string path, string tensor, long end, long available) => new(
        $"'{path}', tensor {Quote(tensor)}: the data ends at byte {end} after the header, the file has {available}. {Refetch}");

    public static InvalidSafetensorsException Overlap(string path, string tensor, string previous, long begin, long expected) => new(
        $"'{path}', tensor {Quote(tensor)}: the data begins at byte {begin}, inside tensor {Quote(previous)}, which ends at {expected}. {Rewrite}");

    public static InvalidSafetensorsException Hole(string path, string tensor, long begin, long expected) => new(
        $"'{path}', tensor {Quote(tensor)}: the data begins at byte {begin} after the header, expected {expected} (no holes). {Rewrite}");

    public static InvalidSafetensorsException TrailingBytes(string path, long end, long available) => new(
        $"'{path}': the tensors end at byte {end} after the header, expected the file to end there, found {available - end} more bytes. {Rewrite}");

    public static InvalidSafetensorsException Shrunk(string path, SafetensorsEntry entry, long position) => new(
        $"'{path}', tensor {entry}: the file ended at byte {position} while it was read. It was changed since it was opened: don't write to a model in use.");

    public static InvalidSafetensorsException WrongDType(string path, SafetensorsEntry entry, string expected) => new(
        $"'{path}', tensor '{entry.Name}': expected element type {expected}, found {DTypeNames.Of(entry.DType)} {entry.Shape}. Convert the model to {expected} first.");

    /// <summary>A name from the file in quotes; a hostile one may be as long as the header, so only its beginning is shown.</summary>
    public static string Quote(string name) => $"'{Clip(name)}'";

    private static string Clip(string text)
    {
        const int Shown = 160;
        return text.Length <= Shown ? text : $"{text[..Shown]}...";
    }
}
