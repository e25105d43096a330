using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace MambaQuant.Pipeline.Local;

/// <summary>How the facts of a run are written.</summary>
[JsonSourceGenerationOptions(WriteIndented = true, NewLine = "\n")]
[JsonSerializable(typeof(ImmutableSortedDictionary<string, string>))]
internal sealed partial class RunFactsJson : JsonSerializerContext;
