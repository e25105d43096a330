using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace MambaQuant.Client.Output;

/// <summary>JSON on stdout.</summary>
internal static class JsonOutput
{
    /// <summary>Writes one document and a line end.</summary>
    /// <typeparam name="T">Type of the value.</typeparam>
    /// <param name="output">Where to.</param>
    /// <param name="value">The value.</param>
    /// <param name="type">How it is written.</param>
    public static void Write<T>(TextWriter output, T value, JsonTypeInfo<T> type) =>
        output.WriteLine(JsonSerializer.Serialize(value, type));
}
